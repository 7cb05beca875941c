import { ComposerPrimitive, useAuiState } from "@assistant-ui/react";
import { ArrowUp, Square } from "lucide-react";
import { classNames } from "../../components/class-names.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useChatAgent } from "./chat-agent.tsx";
import { composerNotice } from "./chat-notice.ts";

const round =
  "m-1.5 inline-flex size-9 shrink-0 items-center justify-center self-end rounded-corner transition-calm disabled:cursor-not-allowed";

/** Where the next message is written. Never locked: what can't be sent yet waits. */
export function Composer() {
  const { agent } = useChatAgent();
  const isRunning = useAuiState((state) => state.thread.isRunning);
  return (
    <div className="mx-auto w-full max-w-column shrink-0 px-4 pb-3 sm:px-6 sm:pb-5">
      <ComposerPrimitive.Root className="flex rounded-large border border-edge bg-raised transition-calm focus-within:border-ink-3 focus-within:shadow-float">
        <ComposerPrimitive.Input
          autoFocus
          rows={1}
          maxRows={10}
          aria-label={`Message ${agent.name}`}
          aria-describedby="composer-note"
          placeholder={`Message ${agent.name}`}
          data-testid="composer"
          className="max-h-72 min-h-12 min-w-0 flex-1 resize-none bg-transparent px-4 py-3 text-16 leading-normal text-ink outline-none placeholder:text-ink-3"
        />
        {isRunning ? (
          <ComposerPrimitive.Cancel
            data-testid="stop"
            aria-label="Stop the answer"
            title="Stop the answer (Esc)"
            className={classNames(round, "bg-ink text-paper hover:bg-ink-2")}
          >
            <Square aria-hidden className="size-3.5 fill-current" />
          </ComposerPrimitive.Cancel>
        ) : (
          <ComposerPrimitive.Send
            data-testid="send"
            aria-label="Send"
            title="Send (Enter)"
            className={classNames(
              round,
              "bg-accent text-accent-ink hover:bg-accent-strong disabled:bg-surface disabled:text-ink-3",
            )}
          >
            <ArrowUp aria-hidden className="size-4.5" />
          </ComposerPrimitive.Send>
        )}
      </ComposerPrimitive.Root>
      <ComposerNote />
    </div>
  );
}

function ComposerNote() {
  const { agent, notice } = useChatAgent();
  const text = composerNotice(notice.kind);
  return (
    <p id="composer-note" className="mt-1.5 min-h-4.5 px-1 text-12 text-ink-3">
      {notice.kind === "asleep" ? <AsleepSince atMs={agent.phaseSinceMs} /> : null}
      {text ?? <span className="max-sm:sr-only">Enter sends, Shift Enter starts a new line.</span>}
    </p>
  );
}

function AsleepSince({ atMs }: { atMs: number }) {
  return (
    <>
      Asleep, last awake <RelativeTime atMs={atMs} ago />.{" "}
    </>
  );
}
