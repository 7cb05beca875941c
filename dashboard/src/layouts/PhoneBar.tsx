import type { AgentView } from "@automna/contract/agents";
import { Link } from "@tanstack/react-router";
import { agentState } from "../agents/agent-state.ts";
import { destinations } from "./destinations.ts";

/** Navigation under the thumb. */
export function PhoneBar({ agent }: { agent: AgentView }) {
  return (
    <nav
      aria-label="Main"
      className="grid shrink-0 auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {destinations.map(({ to, phoneLabel, Icon }) => (
        <Link
          key={to}
          to={to}
          className="grid justify-items-center gap-0.5 py-2 text-12"
          activeProps={{ className: "font-medium text-ink", "aria-current": "page" }}
          inactiveProps={{ className: "text-ink-3" }}
          activeOptions={{ exact: true, includeSearch: false }}
        >
          <Icon aria-hidden className="size-5" />
          {phoneLabel}
          {to === "/dashboard/agent" ? <span className="sr-only">: {agentState(agent.phase).word}</span> : null}
        </Link>
      ))}
    </nav>
  );
}
