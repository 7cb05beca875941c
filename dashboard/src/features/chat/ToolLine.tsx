import type { ToolCallMessagePartProps } from "@assistant-ui/react";

/** One tool call, opened: what was asked and what came back, as text. */
export function ToolLine({ toolName, argsText, result, isError }: ToolCallMessagePartProps) {
  const answer = typeof result === "string" ? result : "";
  return (
    <div className="grid min-w-0 gap-1.5">
      <p className="font-mono text-12 text-ink-2">
        {toolName}
        {isError === true ? <span className="ml-2 font-ui text-failing">failed</span> : null}
      </p>
      {argsText === "" || argsText === "{}" ? null : <Excerpt text={argsText} />}
      {answer === "" ? null : <Excerpt text={answer} />}
    </div>
  );
}

function Excerpt({ text }: { text: string }) {
  return (
    <pre
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      className="max-h-48 overflow-auto rounded-corner bg-code-paper px-3 py-2 font-mono text-12 leading-relaxed text-ink-2"
    >
      {text}
    </pre>
  );
}
