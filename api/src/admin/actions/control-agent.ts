import { appError } from "@automna/contract/error-catalogue";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import { changeDesired, findAgent } from "@automna/records/agents";
import { assertServed } from "../../agents/assert-served.ts";
import { decideWish, wishedState } from "../../agents/agent-wish.ts";
import type { ActionContext, ActionDeps, ActionExecutor } from "./action.ts";

export const executeStartAgent: ActionExecutor<"start_agent"> = (deps, context, input) =>
  control(deps, context, { action: "start", ...input });
export const executeStopAgent: ActionExecutor<"stop_agent"> = (deps, context, input) =>
  control(deps, context, { action: "stop", ...input });
export const executeRestartAgent: ActionExecutor<"restart_agent"> = (deps, context, input) =>
  control(deps, context, { action: "restart", ...input });

/** The same wishes as the owner's, under the same rules. The outcome is in the wish's transaction: a restart is one. */
async function control(
  { db, freeTier, hint }: ActionDeps,
  { userId, finish }: ActionContext,
  { action, agentId }: { action: AgentAction; agentId: string },
): Promise<void> {
  const found = await findAgent(db, agentId);
  if (found === null || found.userId !== userId) throw appError("agent_not_found");
  let isAlready = false;
  await changeDesired(db, {
    agentId,
    desired: wishedState[action],
    isRestart: action === "restart",
    async assertAllowed(tx) {
      if (wishedState[action] === "running") await assertServed(tx, userId, freeTier);
    },
    isAlready: (agent) => (isAlready = decideWish(action, agent) === "already"),
    assertPossible(agent) {
      if (decideWish(action, agent) === "refused")
        throw appError("agent_action_not_possible", { details: { action, phase: agent.phase } });
    },
    onChange: (tx) => finish(tx),
  });
  if (isAlready) await finish(db);
  await hint(agentId);
}
