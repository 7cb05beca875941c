import { advanceAgent, forgetAgentFailures, recordAgentFailure, setAgentStage } from "@automna/records/agent-phases";
import { forgetNodeFailures, recordNodeFailure } from "@automna/records/nodes";
import type { StepExecutor } from "./step-context.ts";

// Steps that only change the agent's record.

export const setPhase: StepExecutor<"setPhase"> = async ({ to, reason }, { deps, lease, agent, slot }) => {
  const backend = slot === null ? null : { type: deps.cell.backendType, host: slot.host, port: slot.port };
  await advanceAgent(deps.db, { lease, agentId: agent.id, to, reason, backend, now: new Date(deps.clock()) });
  if (to === "ready" && slot !== null) await forgetNodeFailures(deps.db, slot.nodeId);
};

export const recordFailure: StepExecutor<"recordFailure"> = async (
  { reason, detail },
  { deps, lease, agent, slot },
) => {
  const now = new Date(deps.clock());
  await recordAgentFailure(deps.db, { lease, agentId: agent.id, reason, detail, now });
  if (slot !== null) await recordNodeFailure(deps.db, { nodeId: slot.nodeId, slotId: slot.id, reason, now });
};

export const setStage: StepExecutor<"setStage"> = async ({ stage }, { deps, lease, agent }) => {
  await setAgentStage(deps.db, { lease, agentId: agent.id, stage, now: new Date(deps.clock()) });
};

export const forgetFailures: StepExecutor<"forgetFailures"> = async (_step, { deps, lease, agent }) => {
  await forgetAgentFailures(deps.db, lease, agent.id);
};

/** Waiting is the scheduler's: the lease is given back meanwhile. */
export const wait: StepExecutor<"wait"> = async () => undefined;
