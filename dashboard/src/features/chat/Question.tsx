import { MessagePrimitive } from "@assistant-ui/react";
import { CircleAlert, Clock3 } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useChatSession } from "../../gateway/chat-context.tsx";
import type { UserMessage } from "../../gateway/chat-message.ts";
import { useChatAgent } from "./chat-agent.tsx";
import { useOwnQuestion } from "./use-own-message.ts";

/** What the person wrote, with what became of it. */
export function Question() {
  const message = useOwnQuestion();
  if (message === null) return null;
  return (
    <MessagePrimitive.Root
      data-testid="message"
      data-role="user"
      data-status={message.delivery}
      className="group relative ml-auto grid max-w-[85%] justify-items-end gap-1"
    >
      <div
        className={`whitespace-pre-wrap rounded-large bg-surface px-4 py-2.5 text-16 wrap-anywhere ${message.delivery === "queued" ? "text-ink-2" : "text-ink"}`}
      >
        {message.text}
      </div>
      <Fate message={message} />
    </MessagePrimitive.Root>
  );
}

function Fate({ message }: { message: UserMessage }) {
  const session = useChatSession();
  const { agent } = useChatAgent();
  if (message.delivery === "failed") {
    return (
      <div role="alert" className="flex flex-wrap items-center justify-end gap-1 text-13 text-failing">
        <CircleAlert aria-hidden className="size-3.5" />
        {message.problem?.message}
        <Button size="small" look="quiet" onClick={() => session.retry(message.id)}>
          Try again
        </Button>
        <Button size="small" look="quiet" onClick={() => session.discard(message.id)}>
          Discard
        </Button>
      </div>
    );
  }
  if (message.delivery === "queued") {
    return (
      <div className="flex flex-wrap items-center justify-end gap-x-1.5 text-13 text-waiting">
        <Clock3 aria-hidden className="size-3.5" />
        Waits for {agent.name}
        <Button size="small" look="quiet" onClick={() => session.discard(message.id)}>
          Discard
        </Button>
      </div>
    );
  }
  return (
    <span className="absolute right-1 top-full mt-1 whitespace-nowrap text-12 text-ink-3 opacity-0 transition-calm group-hover:opacity-100">
      {message.delivery === "sending" ? "Sending" : message.atMs > 0 ? <RelativeTime atMs={message.atMs} ago /> : null}
    </span>
  );
}
