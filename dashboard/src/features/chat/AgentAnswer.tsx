import { MessagePrimitive } from "@assistant-ui/react";
import { CopyButton } from "../../components/CopyButton.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useChatAgent } from "./chat-agent.tsx";
import { phaseWord } from "./phase-words.ts";
import { AnswerTrouble, BrokenOff } from "./AnswerTrouble.tsx";
import { MarkdownText } from "./MarkdownText.tsx";
import { ToolFold } from "./ToolFold.tsx";
import { ToolLine } from "./ToolLine.tsx";
import { useOwnAnswer } from "./use-own-message.ts";

/** What the agent said and did. */
export function AgentAnswer() {
  const message = useOwnAnswer();
  if (message === null) return null;
  const isOver = message.status !== "thinking" && message.status !== "streaming";
  return (
    <MessagePrimitive.Root
      data-testid="message"
      data-role="assistant"
      data-status={message.status}
      className="group relative grid min-w-0 gap-3 text-16"
    >
      <MessagePrimitive.Parts components={{ Text: MarkdownText, ToolGroup: ToolFold, tools: { Fallback: ToolLine } }} />
      {message.status === "thinking" ? <Thinking phase={message.phase} /> : null}
      {message.status === "stopped" ? <p className="text-13 text-ink-3">You stopped this answer.</p> : null}
      {message.status === "interrupted" ? <BrokenOff runId={message.runId} /> : null}
      {message.problem ? <AnswerTrouble problem={message.problem} runId={message.runId} /> : null}
      {isOver && message.text !== "" ? (
        <div className="absolute -left-2 top-full mt-0.5 flex h-7 items-center gap-1 text-12 text-ink-3 opacity-0 transition-calm focus-within:opacity-100 group-hover:opacity-100">
          <CopyButton text={message.text} />
          {message.atMs > 0 ? <RelativeTime atMs={message.atMs} ago /> : null}
        </div>
      ) : null}
    </MessagePrimitive.Root>
  );
}

function Thinking({ phase }: { phase: string | null }) {
  const { agent, notice } = useChatAgent();
  // Without a line nobody knows what it does.
  const isHeard = notice.kind === "online" || notice.kind === "syncing";
  return (
    <p data-testid="typing" className="flex items-center gap-2.5 text-14 text-ink-3">
      <span aria-hidden className="size-2 animate-breathe rounded-full bg-accent" />
      {isHeard ? phaseWord(phase) : `Waiting to hear from ${agent.name}`}
    </p>
  );
}
