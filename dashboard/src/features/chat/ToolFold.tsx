import { useAuiState, useScrollLock } from "@assistant-ui/react";
import { ChevronRight, LoaderCircle, Wrench } from "lucide-react";
import { useRef, type PropsWithChildren } from "react";
import { toolSummary } from "./tool-summary.ts";

/** Tool calls in a row, folded into one line that opens. */
export function ToolFold({
  startIndex,
  endIndex,
  children,
}: PropsWithChildren<{ startIndex: number; endIndex: number }>) {
  const fold = useRef<HTMLDetailsElement>(null);
  // Opening happens where the person looks: the thread must not follow its own end meanwhile.
  const holdScroll = useScrollLock(fold, 150);
  const parts = useAuiState((state) => state.message.parts);
  const calls = parts.slice(startIndex, endIndex + 1).flatMap((part) => (part.type === "tool-call" ? [part] : []));
  const isOver = useAuiState((state) => state.message.status?.type !== "running");
  const isRunning = !isOver && calls.some((call) => call.result === undefined);
  const Icon = isRunning ? LoaderCircle : Wrench;
  return (
    <details ref={fold} data-testid="tools" className="group/tools text-13">
      <summary
        onClick={holdScroll}
        className="inline-flex max-w-full list-none items-center gap-2 rounded-corner text-ink-3 transition-calm hover:text-ink [&::-webkit-details-marker]:hidden"
      >
        <Icon
          aria-hidden
          className={
            isRunning ? "size-3.5 shrink-0 animate-spin text-working motion-reduce:animate-none" : "size-3.5 shrink-0"
          }
        />
        <span className="truncate">
          {toolSummary(
            calls.map((call) => call.toolName),
            isRunning,
            calls.some((call) => call.isError === true),
          )}
        </span>
        <ChevronRight
          aria-hidden
          className="size-3.5 shrink-0 transition-transform duration-(--quick) group-open/tools:rotate-90"
        />
      </summary>
      <div className="mt-2 grid gap-3 border-l border-line-strong pl-4">{children}</div>
    </details>
  );
}
