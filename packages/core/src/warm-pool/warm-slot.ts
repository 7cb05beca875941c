import { MINUTE_MS } from "../shared/clock.ts";
import { unreachable } from "../shared/unreachable.ts";
import { tierCatalogue, tiers, type Tier } from "../tiers/catalogue.ts";
import type { ObservedSlot } from "../agents/observed-slot.ts";

/**
 * Where a slot that is nobody's stands. `making`: on its way, and given to nobody; `ready`: whoever deploys next may have
 * it; `retiring`: it goes, and is given to nobody any more.
 */
export const warmStates = ["making", "ready", "retiring"] as const;
export type WarmState = (typeof warmStates)[number];

/** Why a warm slot goes without having been anybody's. */
const warmRetirements = ["image_changed", "not_wanted", "node_leaving", "room_needed", "overdue", "broken"] as const;
export type WarmRetirement = (typeof warmRetirements)[number];

/** A slot that is nobody's, as recorded. */
export interface WarmSlot {
  slotId: string;
  nodeId: string;
  tier: Tier;
  image: string;
  state: WarmState;
  /** Since when it is in that state. */
  sinceMs: number;
  hasStarted: boolean;
}

export type WarmSlotStep =
  | { step: "create" }
  | { step: "start" }
  /** Have the gateway come up for nobody yet. */
  | { step: "prepare" }
  /** From now on it may be given away. */
  | { step: "offer" }
  /** It is not what it was: given to nobody until it is again. */
  | { step: "doubt" }
  | { step: "retire"; why: WarmRetirement }
  | { step: "remove" }
  | { step: "wait" };

/** A slot that has not come up by then never will: a cold boot was seen to take 90 s. */
export const MAKING_LIMIT_MS = 5 * MINUTE_MS;

/** The next step for one warm slot. Pure; a step may be repeated after a crash at any line of it. */
export function planWarmSlot(slot: WarmSlot, observed: ObservedSlot, now: number): WarmSlotStep {
  switch (slot.state) {
    case "retiring":
      // Where nobody can look nothing can be removed.
      return observed.kind === "lost" ? { step: "wait" } : { step: "remove" };
    case "ready":
      return isReady(observed) ? { step: "wait" } : { step: "doubt" };
    case "making":
      return planMaking(slot, observed, now);
    default:
      return unreachable(slot.state);
  }
}

function isReady(observed: ObservedSlot): boolean {
  if (observed.kind !== "running" || observed.agentd.kind !== "answering") return false;
  return observed.agentd.agentId === null && observed.agentd.gateway === "ready";
}

function planMaking({ sinceMs, hasStarted }: WarmSlot, observed: ObservedSlot, now: number): WarmSlotStep {
  if (observed.kind === "lost") return { step: "wait" };
  if (now - sinceMs > MAKING_LIMIT_MS) return { step: "retire", why: "overdue" };
  switch (observed.kind) {
    case "absent":
      return hasStarted ? { step: "retire", why: "broken" } : { step: "create" };
    case "stopped": {
      const hasEnded = observed.endedAtMs !== null && observed.endedAtMs >= sinceMs;
      return hasEnded && observed.lastExit !== "clean" ? { step: "retire", why: "broken" } : { step: "start" };
    }
    case "pending":
      return { step: "wait" };
    case "dozing":
      return { step: "retire", why: "broken" };
    case "running":
      return planRunning(observed);
    default:
      return unreachable(observed);
  }
}

function planRunning({ agentd }: Extract<ObservedSlot, { kind: "running" }>): WarmSlotStep {
  if (agentd.kind === "silent") return { step: "wait" };
  // It says that it is somebody's although its record does not: it is given to nobody, whoever that is.
  if (agentd.agentId !== null) return { step: "retire", why: "broken" };
  switch (agentd.gateway) {
    case "unclaimed":
      return { step: "prepare" };
    case "ready":
      return { step: "offer" };
    case "starting":
      return { step: "wait" };
    case "failing":
    case "stopped":
      return { step: "retire", why: "broken" };
    default:
      return unreachable(agentd.gateway);
  }
}

/** Tiers whose agents fit a warm slot of this one: what limits a slot is the same. */
export function tiersOfSize(tier: Tier): readonly Tier[] {
  const { memoryMb, cpus, volumeMb } = tierCatalogue[tier];
  return tiers.filter((other) => {
    const facts = tierCatalogue[other];
    return facts.memoryMb === memoryMb && facts.cpus === cpus && facts.volumeMb === volumeMb;
  });
}
