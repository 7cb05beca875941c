import type { AgentView } from "@automna/contract/agents";
import { StateMark } from "../../components/StateMark.tsx";
import type { ChatNotice } from "./chat-notice.ts";

export function ChatHeader({ agent, notice }: { agent: AgentView; notice: ChatNotice }) {
  return (
    <header className="flex h-14 shrink-0 items-center justify-between gap-4 border-b border-line px-4 sm:px-6">
      <h1 className="flex min-w-0 items-baseline gap-2 text-14 font-semibold">
        General
        <span className="truncate font-normal text-ink-3 md:hidden">{agent.name}</span>
        {agent.modelSource === "demo" ? (
          <span
            title="Answers are prepared, not thought up. They come through the real agent."
            className="shrink-0 self-center rounded-corner border border-line-strong px-1.5 text-12 font-normal text-ink-2"
          >
            Demo model
          </span>
        ) : null}
      </h1>
      <div role="status" data-testid="connection-status" data-state={notice.kind}>
        <StateMark tone={notice.tone} word={notice.word} />
      </div>
    </header>
  );
}
