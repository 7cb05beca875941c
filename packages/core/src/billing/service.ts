import type { Tier } from "../tiers/catalogue.ts";
import { entitledTier, type Dunning } from "./dunning.ts";
import type { Standing } from "./subscription-state.ts";

/** Why the platform, not its owner, keeps an agent stopped. Each is an AgentReason too. */
export const serviceStops = ["payment_failed", "plan_ended", "account_ending"] as const;
export type ServiceStop = (typeof serviceStops)[number];

/** Why no agent may run: one of the stops, or nothing was ever bought. */
export const refusals = [...serviceStops, "plan_needed"] as const;
export type Refusal = (typeof refusals)[number];

export type Service = { kind: "served"; tier: Tier } | { kind: "refused"; why: Refusal };

export interface ServiceFacts {
  dunning: Dunning["state"];
  standing: Standing;
  /** The customer asked for the end of the account. */
  isAccountEnding: boolean;
  /** Plan of those who pay nothing; null = plans are bought. */
  freeTier: Tier | null;
}

/** May a customer's agent run, and on which plan? Deploy and start ask it. */
export function serviceFor(facts: ServiceFacts): Service {
  const why = serviceStop(facts);
  if (why !== null) return { kind: "refused", why };
  const tier = entitledTier({ state: facts.dunning }, facts.standing) ?? facts.freeTier;
  return tier === null ? { kind: "refused", why: "plan_needed" } : { kind: "served", tier };
}

/** What keeps a customer's agents stopped; null = nothing does. */
export function serviceStop({
  dunning,
  standing,
  isAccountEnding,
}: Omit<ServiceFacts, "freeTier">): ServiceStop | null {
  if (isAccountEnding) return "account_ending";
  if (dunning !== "asleep" && dunning !== "expired") return null;
  // What is still owed can be paid; a plan that is over has to be bought again.
  return standing.kind === "owed" ? "payment_failed" : "plan_ended";
}
