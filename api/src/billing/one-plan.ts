import { appError } from "@automna/contract/error-catalogue";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { lockStripeObject } from "./billing-lock.ts";
import { readStanding } from "./read-billing.ts";
import { refreshSubscription, type RefreshDeps } from "./refresh-subscription.ts";

/** Longest that the calls to Stripe around a new purchase may take, ms. */
const OPEN_TIMEOUT_MS = 45_000;

/**
 * Opens a purchase of a plan so that nobody pays for two: one that Stripe knows of already is written down and throws
 * `plan_active`, and pages of Stripe's that are still open in another tab are closed.
 */
export async function openOnlyCheckout(
  deps: RefreshDeps & { db: Database; stripe: Stripe },
  { userId, customer }: { userId: string; customer: string },
  open: () => Promise<string>,
): Promise<string> {
  const { db, stripe } = deps;
  const known = await stripe.subscriptions.list({ customer, limit: 100 });
  // One that was paid a moment ago: its event is still on the way.
  for (const { id } of known.data) await db.$transaction((tx) => refreshSubscription(tx, deps, id), transactionLimits);
  if (known.data.length > 0 && (await readStanding(db, userId)).kind !== "nothing") throw appError("plan_active");
  return db.$transaction(
    async (tx) => {
      // Of two clicks at once the second closes the page of the first.
      await lockStripeObject(tx, `checkout/${customer}`);
      await closeOpenCheckouts(stripe, customer);
      return open();
    },
    { ...transactionLimits, timeout: OPEN_TIMEOUT_MS },
  );
}

async function closeOpenCheckouts(stripe: Stripe, customer: string): Promise<void> {
  const { data } = await stripe.checkout.sessions.list({ customer, status: "open", limit: 100 });
  for (const { id, status, mode } of data) {
    if (status !== "open" || mode !== "subscription") continue;
    try {
      await stripe.checkout.sessions.expire(id);
    } catch (error) {
      const { status: now } = await stripe.checkout.sessions.retrieve(id);
      if (now === "complete") throw appError("plan_active", { cause: error });
      if (now === "open") throw error;
    }
  }
}
