import { DAY_MS } from "../shared/clock.ts";
import { unreachable } from "../shared/unreachable.ts";
import type { Tier } from "../tiers/catalogue.ts";
import type { Standing } from "./subscription-state.ts";

/** Days in which an agent goes on running although its plan is owed. */
export const GRACE_DAYS = 7;
/** Days for which a sleeping agent's data is kept. */
export const KEEP_DAYS = 30;
/** Days before the deletion from which on the customer has been told of it. */
export const WARN_DAYS = 7;

export const dunningStates = ["clear", "grace", "asleep", "expired"] as const;
export type DunningState = (typeof dunningStates)[number];

export interface Dunning {
  state: DunningState;
  /** Start of the next step, ms; null = none. */
  deadlineMs: number | null;
}

/** What has to be done about it: mails, agents, audit. */
export type DunningEvent = "billing.grace_started" | "billing.put_to_sleep" | "billing.expired" | "billing.restored";

export interface DunningStep {
  dunning: Dunning;
  event: DunningEvent | null;
}

/**
 * The next step, at most one: message → grace → sleep → 30 days → deletion. Each step's time starts when the step is
 * taken, so that an outage of ours or late news from Stripe never shortens what the customer was promised. Paying
 * leads back from everywhere.
 */
export function nextDunning(dunning: Dunning, standing: Standing, nowMs: number): DunningStep {
  if (standing.kind === "paid") {
    return dunning.state === "clear" ? stay(dunning) : step("clear", null, "billing.restored");
  }
  const isDue = dunning.deadlineMs !== null && dunning.deadlineMs <= nowMs;
  switch (dunning.state) {
    case "clear":
      if (standing.kind === "owed") return step("grace", nowMs + GRACE_DAYS * DAY_MS, "billing.grace_started");
      // Cancelled: what was paid for is over, so there is no grace, but the data is kept as long.
      return standing.everPaid ? step("asleep", nowMs + KEEP_DAYS * DAY_MS, "billing.put_to_sleep") : stay(dunning);
    case "grace":
      return isDue || standing.kind === "nothing"
        ? step("asleep", nowMs + KEEP_DAYS * DAY_MS, "billing.put_to_sleep")
        : stay(dunning);
    case "asleep":
      return isDue ? step("expired", null, "billing.expired") : stay(dunning);
    case "expired":
      return stay(dunning);
    default:
      return unreachable(dunning.state);
  }
}

/** The plan that a customer may use now; null = none. */
export function entitledTier(dunning: Pick<Dunning, "state">, standing: Standing): Tier | null {
  const isServed = dunning.state === "clear" || dunning.state === "grace";
  return isServed && standing.kind !== "nothing" ? standing.tier : null;
}

/** Is the deletion so near that the customer should hear of it? */
export function isDeleteDue({ state, deadlineMs }: Dunning, nowMs: number): boolean {
  return state === "asleep" && deadlineMs !== null && deadlineMs - nowMs <= WARN_DAYS * DAY_MS;
}

function stay(dunning: Dunning): DunningStep {
  return { dunning, event: null };
}

function step(state: DunningState, deadlineMs: number | null, event: DunningEvent): DunningStep {
  return { dunning: { state, deadlineMs }, event };
}
