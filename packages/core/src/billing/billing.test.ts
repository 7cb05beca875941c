import { expect, test } from "vitest";
import { DAY_MS } from "../shared/clock.ts";
import { entitledTier, GRACE_DAYS, KEEP_DAYS, nextDunning, type Dunning } from "./dunning.ts";
import {
  meaningOfPrice,
  OVERAGE_PRICE_KEY,
  PACK_PRICE_KEY,
  PRICE_FIELD,
  priceKey,
  sellableTiers,
  tierOfPrice,
} from "./price-keys.ts";
import { standingOf, subscriptionStatuses, type Standing, type SubscriptionFacts } from "./subscription-state.ts";

const clear: Dunning = { state: "clear", deadlineMs: null };
const paid: Standing = { kind: "paid", tier: "pro", untilMs: null };
const owed: Standing = { kind: "owed", tier: "pro" };
const ended: Standing = { kind: "nothing", everPaid: true };
const subscription = (changes: Partial<SubscriptionFacts>): SubscriptionFacts => ({
  tier: "starter",
  status: "active",
  periodEndMs: 30 * DAY_MS,
  endsAtPeriodEnd: false,
  endedAtMs: null,
  ...changes,
});

test("the highest plan that is paid counts, also beside one that is owed or was cancelled", () => {
  const all = [
    subscription({ tier: "max", status: "past_due" }),
    subscription({ tier: "pro" }),
    subscription({}),
    subscription({ tier: "max", status: "canceled" }),
  ];
  expect(standingOf(all)).toEqual({ kind: "paid", tier: "pro", untilMs: null });
  expect(standingOf(all.slice(0, 1))).toEqual({ kind: "owed", tier: "max" });
});

test("a cancelled plan is good until its end, and a first payment that never came is nothing", () => {
  expect(standingOf([subscription({ endsAtPeriodEnd: true })])).toEqual({
    kind: "paid",
    tier: "starter",
    untilMs: 30 * DAY_MS,
  });
  expect(standingOf([subscription({ status: "incomplete" })])).toEqual({ kind: "nothing", everPaid: false });
  expect(standingOf([])).toEqual({ kind: "nothing", everPaid: false });
});

test("each of Stripe's statuses has a meaning, and a price that is not ours buys nothing", () => {
  for (const status of subscriptionStatuses)
    expect(standingOf([subscription({ status })]).kind).toMatch(/^(paid|owed|nothing)$/);
  expect(standingOf([subscription({ tier: null })])).toEqual({ kind: "nothing", everPaid: false });
});

test("owed: a week of grace, then sleep, then thirty days, then the end", () => {
  const grace = nextDunning(clear, owed, 0);
  expect(grace).toEqual({
    dunning: { state: "grace", deadlineMs: GRACE_DAYS * DAY_MS },
    event: "billing.grace_started",
  });
  expect(entitledTier(grace.dunning, owed)).toBe("pro");
  expect(nextDunning(grace.dunning, owed, GRACE_DAYS * DAY_MS - 1).event).toBeNull();
  const asleep = nextDunning(grace.dunning, owed, GRACE_DAYS * DAY_MS);
  expect(asleep.dunning).toEqual({ state: "asleep", deadlineMs: (GRACE_DAYS + KEEP_DAYS) * DAY_MS });
  expect(entitledTier(asleep.dunning, owed)).toBeNull();
  expect(nextDunning(asleep.dunning, owed, (GRACE_DAYS + KEEP_DAYS) * DAY_MS - 1).event).toBeNull();
  expect(nextDunning(asleep.dunning, ended, (GRACE_DAYS + KEEP_DAYS) * DAY_MS).event).toBe("billing.expired");
});

test("news that come months late still give the customer every day that was promised", () => {
  const late = 400 * DAY_MS;
  const first = nextDunning(clear, ended, late);
  expect(first.dunning).toEqual({ state: "asleep", deadlineMs: late + KEEP_DAYS * DAY_MS });
  expect(nextDunning(first.dunning, ended, late + 1).event).toBeNull();
});

test("paying leads back from every state, once", () => {
  for (const state of ["grace", "asleep", "expired"] as const) {
    const back = nextDunning({ state, deadlineMs: 1 }, paid, 2);
    expect(back).toEqual({ dunning: clear, event: "billing.restored" });
    expect(nextDunning(back.dunning, paid, 3).event).toBeNull();
  }
});

test("who never paid is not dunned", () => {
  expect(nextDunning(clear, { kind: "nothing", everPaid: false }, 0).event).toBeNull();
});

test("prices are found by a key that names the plan; `local` is not for sale", () => {
  const named = (lookupKey: string | null, name?: string) => ({
    lookup_key: lookupKey,
    metadata: name === undefined ? {} : { [PRICE_FIELD]: name },
  });
  for (const tier of sellableTiers) {
    expect(tierOfPrice(named(priceKey(tier)))).toBe(tier);
    // A newer price has taken the lookup key over; who has the old one keeps their plan.
    expect(tierOfPrice(named(null, priceKey(tier) ?? ""))).toBe(tier);
  }
  expect(sellableTiers).not.toContain("local");
  expect(priceKey("local")).toBeNull();
  expect(tierOfPrice(named(null))).toBeNull();
  expect(tierOfPrice(named(OVERAGE_PRICE_KEY))).toBeNull();
  expect(meaningOfPrice(named(PACK_PRICE_KEY))).toEqual({ kind: "pack", credits: 1_000 });
  expect(meaningOfPrice(named("of another product"))).toBeNull();
});
