import { ArrowUpRight } from "lucide-react";
import { Skeleton } from "../../components/PageState.tsx";
import { useChatSnapshot } from "../../gateway/chat-context.tsx";
import { useChatAgent } from "./chat-agent.tsx";
import { emptyTexts } from "./empty-texts.ts";
import { starters } from "./starters.ts";

/** What stands where no message is: a start, or why nothing can be shown yet. */
export function EmptyThread({ justLive }: { justLive: boolean }) {
  const { agent, notice, send } = useChatAgent();
  const { chat } = useChatSnapshot();
  const texts = emptyTexts({ name: agent.name, kind: notice.kind, loaded: chat.loaded, justLive });
  if (texts === null) {
    return (
      <div className="pt-6">
        <Skeleton label="Loading the conversation" lines={6} />
      </div>
    );
  }
  return (
    <div data-testid="empty-thread" className="m-auto grid w-full max-w-[32rem] animate-fade gap-6 py-8">
      <div className="grid gap-1.5">
        <h2 className="text-28 font-semibold tracking-tight">{texts.title}</h2>
        <p className="text-16 text-ink-2">{texts.text}</p>
      </div>
      {texts.offersStarters ? (
        <ul className="grid border-t border-line">
          {starters.map((starter) => (
            <li key={starter} className="border-b border-line">
              <button
                type="button"
                onClick={() => send(starter)}
                className="group flex w-full items-center justify-between gap-4 py-3 text-left text-ink-2 transition-calm hover:text-ink"
              >
                {starter}
                <ArrowUpRight
                  aria-hidden
                  className="size-4 shrink-0 text-ink-3 transition-calm group-hover:text-accent-text"
                />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
