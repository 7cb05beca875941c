import { ThreadPrimitive } from "@assistant-ui/react";
import { ArrowDown } from "lucide-react";
import { useChatSnapshot } from "../../gateway/chat-context.tsx";
import { AgentAnswer } from "./AgentAnswer.tsx";
import { useChatAgent } from "./chat-agent.tsx";
import { Composer } from "./Composer.tsx";
import { EmptyThread } from "./EmptyThread.tsx";
import { Question } from "./Question.tsx";
import "./prose.css";

/** The conversation and the box to write in. Scrolling follows the stream only from the end. */
export function Thread({ justLive }: { justLive: boolean }) {
  const { chat } = useChatSnapshot();
  const { notice } = useChatAgent();
  const isDimmed = chat.messages.length > 0 && (notice.kind === "asleep" || notice.kind === "trouble");
  return (
    <ThreadPrimitive.Root className="flex min-h-0 flex-1 flex-col">
      <ThreadPrimitive.Viewport
        data-testid="thread"
        tabIndex={0}
        aria-label="Conversation"
        className="relative flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain outline-none"
      >
        <div
          data-dimmed={isDimmed || undefined}
          className="mx-auto flex w-full max-w-column flex-1 flex-col gap-9 px-4 pb-10 pt-6 transition-opacity duration-(--calm) data-dimmed:opacity-70 sm:px-6"
        >
          {chat.messages.length === 0 ? <EmptyThread justLive={justLive} /> : null}
          <ThreadPrimitive.Messages components={{ UserMessage: Question, AssistantMessage: AgentAnswer }} />
        </div>
        <ThreadPrimitive.ScrollToBottom
          data-testid="jump-to-latest"
          className="sticky bottom-3 mx-auto inline-flex h-8 shrink-0 animate-fade items-center gap-1.5 rounded-large border border-line-strong bg-raised px-3 text-13 text-ink-2 shadow-float hover:text-ink disabled:hidden"
        >
          <ArrowDown aria-hidden className="size-3.5" />
          Jump to latest
        </ThreadPrimitive.ScrollToBottom>
      </ThreadPrimitive.Viewport>
      <Composer />
    </ThreadPrimitive.Root>
  );
}
