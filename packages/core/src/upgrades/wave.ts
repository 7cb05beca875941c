import type { AgentPhase } from "../agents/agent-phase.ts";
import { DAY_MS } from "../shared/clock.ts";

/** How a new agent image reaches the agents. */
export interface WaveSettings {
  /** Agents of the first batch. */
  canaries: number;
  /** How long the canaries have to stay well before others follow, ms. */
  soakMs: number;
  /** Each batch is so many times as large as the one before. */
  growth: number;
  /** The most agents in one batch, and so the most that are under way at once. */
  maxBatch: number;
  /** More than this share of a batch failed: the wave halts. */
  maxFailureShare: number;
  /** What a halt takes back by itself: who is unwell with the new image, or everybody who has it. */
  takesBack: "unwell" | "all";
}

export const waveLimits = {
  canaries: 50,
  soakMs: 7 * DAY_MS,
  growth: 10,
  maxBatch: 200,
} as const;

export const waveStates = ["draft", "running", "paused", "halted", "rolling_back", "rolled_back", "done"] as const;
export type WaveState = (typeof waveStates)[number];

export const waveMemberStates = [
  "waiting",
  "upgrading",
  "upgraded",
  "failed",
  "reverting",
  "reverted",
  /** It could not be taken back: an operator has to look. */
  "stuck",
  "gone",
] as const;
export type WaveMemberState = (typeof waveMemberStates)[number];

export interface WaveMember {
  agentId: string;
  state: WaveMemberState;
  /** Which batch it was taken into, from 0; null = none yet. */
  batch: number | null;
  /** Its owner wants no upgrade before this; null = any time. */
  deferredUntilMs: number | null;
  /** How its agent is now. */
  agent: WaveAgent;
}

export interface WaveAgent {
  phase: AgentPhase;
  /** It has the wave's image. */
  isOnTarget: boolean;
  /** An image was wished for it, and that has neither been done nor been given up. */
  isUnderWay: boolean;
}

export interface Wave {
  state: WaveState;
  settings: WaveSettings;
  members: readonly WaveMember[];
  /** Batches below this one count no more: an operator saw what failed and went on. */
  acceptedBatches: number;
  /** When the last member of the newest batch settled; null = one has not, or there is no batch yet. */
  settledAtMs: number | null;
}

const waveActions = ["start", "pause", "halt", "roll_back"] as const;
export type WaveAction = (typeof waveActions)[number];

/** What an operator's action makes of a wave; null = it can't be done in this state. Done already = the state itself. */
export function stateAfter(action: WaveAction, state: WaveState): WaveState | null {
  const next: Record<WaveAction, Partial<Record<WaveState, WaveState>>> = {
    start: { draft: "running", paused: "running", halted: "running", running: "running" },
    pause: { running: "paused", paused: "paused" },
    halt: { running: "halted", paused: "halted", halted: "halted" },
    roll_back: {
      running: "rolling_back",
      paused: "rolling_back",
      halted: "rolling_back",
      done: "rolling_back",
      rolling_back: "rolling_back",
    },
  };
  return next[action][state] ?? null;
}

/** The actions that an operator may take now. */
export function waveAbilities(state: WaveState): WaveAction[] {
  return waveActions.filter((action) => {
    const after = stateAfter(action, state);
    return after !== null && after !== state;
  });
}

/** Agents in batch `number`, from 0. */
export function batchSize({ canaries, growth, maxBatch }: WaveSettings, number: number): number {
  return Math.max(1, Math.min(maxBatch, Math.floor(canaries * growth ** number)));
}
