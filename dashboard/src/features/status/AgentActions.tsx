import type { AgentView } from "@automna/contract/agents";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import { Play, RotateCw, Square } from "lucide-react";
import { actionTexts, offeredActions } from "../../agents/agent-actions.ts";
import { useAgentAction } from "../../api/mutations.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button } from "../../components/Button.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { Section } from "../../components/PageFrame.tsx";

const icons: Record<Exclude<AgentAction, "delete">, typeof Play> = { restart: RotateCw, stop: Square, start: Play };
const order = ["restart", "stop", "start"] as const;

/** Restart, stop, start: only what can be pressed now. Deleting stands apart. */
export function AgentActions({ agent }: { agent: AgentView }) {
  const act = useAgentAction(agent.id);
  const offered = offeredActions(agent);
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap gap-2">
        {order
          .filter((action) => offered.includes(action))
          .map((action) => {
            const Icon = icons[action];
            return (
              <Button
                key={action}
                look={action === "start" ? "primary" : "plain"}
                title={actionTexts[action].consequence}
                data-testid={`agent-${action}`}
                icon={<Icon aria-hidden className="size-4" />}
                busy={act.isPending && act.variables === action}
                onClick={() => act.mutate(action)}
              >
                {actionTexts[action].label}
              </Button>
            );
          })}
      </div>
      {act.isError ? (
        <p role="alert" className="text-13 text-failing">
          {act.error.message}
        </p>
      ) : null}
    </div>
  );
}

export function DeleteAgent({ agent }: { agent: AgentView }) {
  const act = useAgentAction(agent.id);
  if (!offeredActions(agent).includes("delete")) return null;
  const { label, consequence } = actionTexts.delete;
  return (
    <Section title="Delete" id="delete" description={consequence}>
      {act.isError ? <Banner tone="failing" title={act.error.message} /> : null}
      <div>
        <ConfirmDialog
          trigger={
            <Button look="danger" data-testid="agent-delete" disabled={agent.phase === "deleting"}>
              {agent.phase === "deleting" ? "Deleting" : label}
            </Button>
          }
          title={`Delete ${agent.name}?`}
          consequence={consequence}
          confirmLabel={`Delete ${agent.name}`}
          typed={{ label: `Type "${agent.name}" to confirm`, value: agent.name }}
          busy={act.isPending}
          onConfirm={() => act.mutate("delete")}
        />
      </div>
    </Section>
  );
}
