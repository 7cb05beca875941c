import type { AgentView } from "@automna/contract/agents";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Keyboard, LogOut, Monitor, Moon, Play, RotateCw, Square, Sun, Trash2, type LucideIcon } from "lucide-react";
import { VisuallyHidden } from "radix-ui";
import type { ReactNode } from "react";
import { actionTexts, offeredActions } from "../agents/agent-actions.ts";
import { useAgentAction, useSignOut } from "../api/mutations.ts";
import { setThemeMode } from "../theme/theme-mode.ts";
import { destinations } from "./destinations.ts";
import { closePanel, openShortcuts } from "./palette-store.ts";

const actionIcons: Record<AgentAction, LucideIcon> = { stop: Square, start: Play, restart: RotateCw, delete: Trash2 };
const group =
  "[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:text-12 [&_[cmdk-group-heading]]:text-ink-3";

function Entry({ icon: Icon, onSelect, children }: { icon: LucideIcon; onSelect(): void; children: ReactNode }) {
  return (
    <Command.Item
      onSelect={() => {
        closePanel();
        onSelect();
      }}
      className="flex h-9 cursor-pointer items-center gap-2.5 rounded-corner px-3 text-14 text-ink-2 data-[selected=true]:bg-line/60 data-[selected=true]:text-ink"
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      {children}
    </Command.Item>
  );
}

function AgentEntries({ agent }: { agent: AgentView }) {
  const act = useAgentAction(agent.id);
  const navigate = useNavigate();
  return (
    <Command.Group heading={agent.name} className={group}>
      {offeredActions(agent).map((action) => (
        <Entry
          key={action}
          icon={actionIcons[action]}
          // The agent's page shows what comes of it, and asks before a delete.
          onSelect={() => {
            if (action !== "delete") act.mutate(action);
            void navigate({ to: "/dashboard/agent" });
          }}
        >
          {action === "delete" ? `${actionTexts.delete.label}…` : actionTexts[action].label}
        </Entry>
      ))}
    </Command.Group>
  );
}

/** ⌘K: every place to go and everything that can be done right now. */
export default function CommandPalette({ agent }: { agent: AgentView | null }) {
  const navigate = useNavigate();
  const signOut = useSignOut();
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => (open ? undefined : closePanel())}
      label="Search and actions"
      overlayClassName="fixed inset-0 z-40 bg-veil animate-fade"
      contentClassName="fixed left-1/2 top-[14vh] z-50 w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-large border border-line bg-raised shadow-float animate-fade"
    >
      <VisuallyHidden.Root>Type to filter, arrow keys to choose, Enter to run.</VisuallyHidden.Root>
      <Command.Input
        placeholder="Where to, or what to do?"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-16 text-ink outline-none placeholder:text-ink-3"
      />
      <Command.List className="max-h-[min(24rem,60vh)] overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-6 text-center text-ink-3">Nothing by that name.</Command.Empty>
        {agent === null ? null : (
          <Command.Group heading="Go to" className={group}>
            {destinations.map(({ to, label, Icon }) => (
              <Entry key={to} icon={Icon} onSelect={() => void navigate({ to })}>
                {label}
              </Entry>
            ))}
          </Command.Group>
        )}
        {agent === null ? null : <AgentEntries agent={agent} />}
        <Command.Group heading="Appearance" className={group}>
          <Entry icon={Sun} onSelect={() => setThemeMode("light")}>
            Light theme
          </Entry>
          <Entry icon={Moon} onSelect={() => setThemeMode("dark")}>
            Dark theme
          </Entry>
          <Entry icon={Monitor} onSelect={() => setThemeMode("system")}>
            Theme of the system
          </Entry>
        </Command.Group>
        <Command.Group heading="Automna" className={group}>
          <Entry icon={Keyboard} onSelect={openShortcuts}>
            Keyboard shortcuts
          </Entry>
          <Entry icon={LogOut} onSelect={() => void signOut.mutateAsync().then(() => navigate({ to: "/" }))}>
            Sign out
          </Entry>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
