import type { AgentStep } from "@automna/core/agents/agent-steps";

/** `amid`: the step's effect on the world is there, and nothing of it is written down. */
export const moments = ["before", "amid", "after"] as const;
export type Moment = (typeof moments)[number];

/** What the provisioner's processes are to die of; the scenario writes it, each process reads it at each step. */
export interface KillPlan {
  /** `path`: every moment of every step on every path; `step`: every step once, at the first moment of its kind. */
  grain: "path" | "step";
  /** Kills that each point is to get. */
  rounds: number;
  kills: Readonly<Record<string, number>>;
  /** Which way each agent is going now, and how often that may be interrupted; nobody dies over any other. */
  walks: Readonly<Record<string, { path: string; killsLeft: number }>>;
  /** `step`: the moment at which each step is interrupted. */
  momentOf: Readonly<Record<string, Moment>>;
}

/** A process that is about to die says where. */
export interface Death {
  pid: number;
  agentId: string;
  path: string;
  point: string;
  step: string;
  moment: Moment;
}

/** A point that has never been reached before is worth more interruptions than a walk usually gets. */
const EXTRA_FOR_NEWS = 8;

/** The step as it counts: entering one phase is not the same as entering another. */
export function labelOf(step: AgentStep): string {
  if (step.step === "setPhase") return `setPhase ${step.to}`;
  if (step.step === "seekRoom") return `seekRoom ${step.choice.kind}`;
  return step.step === "setStage" ? `setStage ${step.stage}` : step.step;
}

export function pointOf(path: string, step: AgentStep, moment: Moment): string {
  return `${path}: ${moment} ${labelOf(step)}`;
}

/** Where the process dies now; null = it lives on. */
export function chooseDeath(
  plan: KillPlan,
  agentId: string,
  step: AgentStep,
  moment: Moment,
): Omit<Death, "pid"> | null {
  const walk = plan.walks[agentId];
  if (walk === undefined) return null;
  const { path, killsLeft } = walk;
  const death = { agentId, path, step: step.step, moment };
  const point = plan.grain === "path" ? pointOf(path, step, moment) : step.step;
  if (plan.grain === "step" && plan.momentOf[step.step] !== moment) return null;
  const kills = plan.kills[point] ?? 0;
  // Who dies amid a step never comes to its end: not again before somebody has died there.
  const hidesEnd = moment === "amid" && (plan.kills[pointOf(path, step, "after")] ?? 0) === 0;
  const isDue = kills === 0 ? killsLeft > -EXTRA_FOR_NEWS : kills < plan.rounds && killsLeft > 0 && !hidesEnd;
  return isDue ? { ...death, point } : null;
}
