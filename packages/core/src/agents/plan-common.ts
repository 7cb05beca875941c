import { MINUTE_MS, SECOND_MS } from "../shared/clock.ts";
import { phaseDeadlineMs } from "./agent-phase.ts";
import type { AgentReason } from "./agent-health.ts";
import type { AgentStep } from "./agent-steps.ts";
import type { DeployStage } from "./deploy-progress.ts";
import type { ExitCause, ObservedSlot } from "./observed-slot.ts";
import type { PlannedAgent, PlannedSlot } from "./plan-input.ts";

// What the families of the planner share.

/** How long a slot that runs may stay silent before it is stopped: agentd is up in a second, in half a minute where fifty start at once. */
export const SILENCE_LIMIT_MS = MINUTE_MS;
/** How long a slot may wait for its node to begin with it; fetching a new image is the longest part of that. */
export const PENDING_LIMIT_MS = 2 * MINUTE_MS;
/** How often a slot on its way is looked at again. */
export const POLL_MS = SECOND_MS;
const FIRST_BOOT_POLL_MS = 2 * SECOND_MS;
/** So soon a slot that boots is looked at again at the latest; the sweep leaves it to that. */
export const LONGEST_BOOT_POLL_MS = 10 * SECOND_MS;
/** How often agentd alone is asked meanwhile; it is up so soon that a second would be most of it. */
const NEWS_POLL_MS = SECOND_MS / 10;
/** How often a settled agent is looked at besides the sweep. */
export const SETTLED_POLL_MS = 30 * SECOND_MS;
/** How soon to look again after one could not look. */
export const BLIND_POLL_MS = 5 * SECOND_MS;

/**
 * How soon to look again at a slot that boots for so long: on a crowded machine the looks themselves would be what keeps it
 * from booting. Whoever waits is told of news by a cheaper way.
 */
export function bootPollMs(waitedMs: number): number {
  return Math.min(LONGEST_BOOT_POLL_MS, Math.max(FIRST_BOOT_POLL_MS, Math.floor(waitedMs / 2)));
}

/** How soon to ask agentd alone for news: an eighth more of a long wait is not felt. */
export function newsPollMs(waitedMs: number): number {
  return Math.min(POLL_MS, Math.max(NEWS_POLL_MS, Math.floor(waitedMs / 8)));
}

/** Runs, dozes, or will run as soon as its node gets to it. */
export function isUp(observed: ObservedSlot): boolean {
  return observed.kind === "running" || observed.kind === "dozing" || observed.kind === "pending";
}

/**
 * The node is cut off. Starting the agent elsewhere could make two of it, on old data: its failure is told once, and
 * then it waits for the node, or for a person's decision.
 */
export function planLost(agent: PlannedAgent, now: number): AgentStep[] {
  return agent.phase === "failing"
    ? [{ step: "wait", untilMs: now + BLIND_POLL_MS }]
    : [{ step: "recordFailure", reason: "node_lost" }];
}

export function waitForRetry(agent: PlannedAgent, now: number): AgentStep[] | null {
  const isEarly = agent.phase === "failing" && agent.retryAtMs !== null && now < agent.retryAtMs;
  return isEarly ? [{ step: "wait", untilMs: agent.retryAtMs ?? now }] : null;
}

export function startSlot(agent: PlannedAgent, slot: PlannedSlot): AgentStep {
  return { step: "startSlot", slotId: slot.slotId, generation: agent.generation };
}

export function stage(agent: PlannedAgent, to: DeployStage): AgentStep[] {
  return agent.stage === to ? [] : [{ step: "setStage", stage: to }];
}

export function isOverdue(agent: PlannedAgent, sinceMs: number, now: number): boolean {
  const deadlineMs = phaseDeadlineMs[agent.phase];
  return deadlineMs !== null && now - sinceMs > deadlineMs;
}

const exitReasons: Partial<Record<ExitCause, AgentReason>> = {
  out_of_memory: "out_of_memory",
  rejected: "slot_rejected",
  image_missing: "image_missing",
};

export function reasonForExit(cause: ExitCause): AgentReason {
  return exitReasons[cause] ?? "agentd_exited";
}
