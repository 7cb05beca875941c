import type { WaveSettings } from "../upgrades/wave.ts";

/** What an operator may do to cells, nodes, waves and sweeps, each with its arguments; executors and words derive from it. */
export interface CellActions {
  cordon_node: { nodeId: string };
  uncordon_node: { nodeId: string };
  drain_node: { nodeId: string; concurrency: number };
  stop_drain: { nodeId: string };
  /** Null = wherever there is room. */
  move_agent: { agentId: string; nodeId: string | null };
  /** Its node is lost: wait until it is back, or make the agent anew from its last backup. */
  decide_lost_agent: { agentId: string; decision: LostAgentDecision };
  create_wave: { image: string; settings: WaveSettings };
  start_wave: { waveId: string };
  pause_wave: { waveId: string };
  halt_wave: { waveId: string };
  roll_back_wave: { waveId: string };
  /** 0 days = no longer. */
  defer_upgrades: { userId: string; days: number };
  request_dry_run: { cellId: string };
  /** No slots are made in advance any more; those that are there are still given away. */
  pause_warm_pool: { cellId: string };
  resume_warm_pool: { cellId: string };
}
export type CellActionType = keyof CellActions;
export type CellAction = { [Type in CellActionType]: { type: Type } & CellActions[Type] }[CellActionType];

export const lostAgentDecisions = ["wait", "restore"] as const;
export type LostAgentDecision = (typeof lostAgentDecisions)[number];

export const cellLimits = { drainConcurrency: 20, deferDays: 90 } as const;
