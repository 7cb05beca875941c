import type { CellAction, CellActionType } from "@automna/core/operators/cell-action";
import type { CellActionContext, CellActionExecutor, CellActionOutcome } from "./cell-action.ts";
import { executePauseWarmPool, executeResumeWarmPool } from "./control-warm-pool.ts";
import { executeCordon, executeDrain, executeStopDrain, executeUncordon } from "./control-node.ts";
import {
  executeCreateWave,
  executeDeferUpgrades,
  executeHaltWave,
  executePauseWave,
  executeRollBackWave,
  executeStartWave,
} from "./control-wave.ts";
import { executeDecideLostAgent, executeMoveAgent } from "./place-agent.ts";
import { executeRequestDryRun } from "./request-dry-run.ts";

/** An executor for each action, no more and no fewer. */
const executors: { [Type in CellActionType]: CellActionExecutor<Type> } = {
  cordon_node: executeCordon,
  uncordon_node: executeUncordon,
  drain_node: executeDrain,
  stop_drain: executeStopDrain,
  move_agent: executeMoveAgent,
  decide_lost_agent: executeDecideLostAgent,
  create_wave: executeCreateWave,
  start_wave: executeStartWave,
  pause_wave: executePauseWave,
  halt_wave: executeHaltWave,
  roll_back_wave: executeRollBackWave,
  defer_upgrades: executeDeferUpgrades,
  request_dry_run: executeRequestDryRun,
  pause_warm_pool: executePauseWarmPool,
  resume_warm_pool: executeResumeWarmPool,
};

export async function executeCellAction(context: CellActionContext, action: CellAction): Promise<CellActionOutcome> {
  // An action and its executor belong to the same type; over all of them at once the type system can't follow that.
  const executor = executors[action.type] as CellActionExecutor<CellActionType>;
  return executor(context, action);
}

/** What an action is about, as far as it says so itself. */
export function subjectOf(action: CellAction): string {
  if ("agentId" in action) return action.agentId;
  if ("nodeId" in action) return action.nodeId;
  if ("waveId" in action) return action.waveId;
  if ("userId" in action) return action.userId;
  return "cellId" in action ? action.cellId : action.image;
}
