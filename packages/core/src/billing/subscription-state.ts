import { unreachable } from "../shared/unreachable.ts";
import { tiers, type Tier } from "../tiers/catalogue.ts";

/** Stripe's: https://docs.stripe.com/api/subscriptions/object#subscription_object-status */
export const subscriptionStatuses = [
  "incomplete",
  "incomplete_expired",
  "trialing",
  "active",
  "past_due",
  "unpaid",
  "canceled",
  "paused",
] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

/** One subscription, as far as decisions need it. */
export interface SubscriptionFacts {
  /** Null = none of the plans in the catalogue. */
  tier: Tier | null;
  status: SubscriptionStatus;
  periodEndMs: number;
  endsAtPeriodEnd: boolean;
  endedAtMs: number | null;
}

/** How a customer stands with us. */
export type Standing =
  | { kind: "nothing"; everPaid: boolean }
  /** `untilMs` = it was cancelled and ends then. */
  | { kind: "paid"; tier: Tier; untilMs: number | null }
  | { kind: "owed"; tier: Tier };

/** What all subscriptions of a customer amount to: the highest that is paid, else the highest that is owed. */
export function standingOf(subscriptions: readonly SubscriptionFacts[]): Standing {
  const standings = subscriptions.map(standingOfOne);
  const best = (kind: "paid" | "owed") =>
    standings
      .filter((standing) => standing.kind !== "nothing")
      .filter((standing) => standing.kind === kind)
      .toSorted((a, b) => tiers.indexOf(b.tier) - tiers.indexOf(a.tier))[0];
  return (
    best("paid") ??
    best("owed") ?? {
      kind: "nothing",
      everPaid: standings.some((standing) => standing.kind === "nothing" && standing.everPaid),
    }
  );
}

function standingOfOne({ tier, status, periodEndMs, endsAtPeriodEnd }: SubscriptionFacts): Standing {
  if (tier === null) return { kind: "nothing", everPaid: false };
  switch (status) {
    case "trialing":
    case "active":
      return { kind: "paid", tier, untilMs: endsAtPeriodEnd ? periodEndMs : null };
    case "past_due":
    case "unpaid":
    case "paused":
      return { kind: "owed", tier };
    case "canceled":
      return { kind: "nothing", everPaid: true };
    // The first payment never came.
    case "incomplete":
    case "incomplete_expired":
      return { kind: "nothing", everPaid: false };
    default:
      return unreachable(status);
  }
}
