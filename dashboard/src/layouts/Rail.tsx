import type { AgentView } from "@automna/contract/agents";
import type { Me } from "@automna/contract/identity";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { agentState } from "../agents/agent-state.ts";
import { LogoMark } from "../components/Logo.tsx";
import { StateMark } from "../components/StateMark.tsx";
import { shortcutKeys } from "./shortcuts.ts";
import { destinations } from "./destinations.ts";
import { openPalette } from "./palette-store.ts";

const entry =
  "flex h-9 items-center gap-2.5 rounded-corner px-2.5 text-14 transition-calm hover:bg-line/50 hover:text-ink max-lg:justify-center";
const current = { className: "bg-line/70 font-medium text-ink", "aria-current": "page" } as const;
const others = { className: "text-ink-2" } as const;

function Entries({ group }: { group: (typeof destinations)[number]["group"] }) {
  return destinations
    .filter((destination) => destination.group === group)
    .map(({ to, label, Icon }) => (
      <Link
        key={to}
        to={to}
        title={label}
        className={entry}
        activeProps={current}
        inactiveProps={others}
        activeOptions={{ exact: true, includeSearch: false }}
      >
        <Icon aria-hidden className="size-4 shrink-0" />
        <span className="truncate max-lg:sr-only">{label}</span>
      </Link>
    ));
}

/** 240 px on a desk, icons on a tablet, absent on a phone (PhoneBar). */
export function Rail({ agent, user }: { agent: AgentView; user: Me["user"] }) {
  const { word, tone } = agentState(agent.phase);
  return (
    <nav
      aria-label="Main"
      className="hidden w-16 shrink-0 flex-col gap-6 border-r border-line bg-surface px-3 py-4 md:flex lg:w-(--rail)"
    >
      <Link
        to="/dashboard/agent"
        title={`${agent.name}: ${word}`}
        className="flex items-center gap-2.5 rounded-corner px-1 py-1 transition-calm hover:bg-line/50 max-lg:justify-center"
      >
        <LogoMark className="size-7 shrink-0" />
        <span className="min-w-0 max-lg:sr-only">
          <span className="block truncate text-14 font-semibold leading-tight">{agent.name}</span>
          <StateMark tone={tone} word={word} />
        </span>
      </Link>
      <div className="grid gap-0.5">
        <h2 className="px-2.5 pb-1 text-12 text-ink-3 max-lg:sr-only">Channels</h2>
        <Entries group="channels" />
      </div>
      <div className="grid gap-0.5">
        <Entries group="pages" />
      </div>
      <div className="mt-auto grid gap-0.5">
        <button type="button" onClick={openPalette} title="Search and actions" className={`${entry} text-ink-2`}>
          <Search aria-hidden className="size-4 shrink-0" />
          <span className="max-lg:sr-only">Search and actions</span>
          <kbd className="ml-auto font-ui text-12 text-ink-3 max-lg:hidden">{shortcutKeys.palette}</kbd>
        </button>
        <p title={user.email} className="truncate px-2.5 pt-2 text-12 text-ink-3 max-lg:hidden">
          {user.email}
        </p>
      </div>
    </nav>
  );
}
