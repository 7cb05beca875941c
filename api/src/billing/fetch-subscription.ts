import { tierOfPriceKey } from "@automna/core/billing/price-keys";
import { toStatus, type FetchedSubscription } from "@automna/records/billing";
import type { Stripe } from "stripe";

/** Where the user's id stands in the metadata of what we make at Stripe. */
export const USER_ID_FIELD = "userId";

/** A subscription as our records have it; `userId` from its metadata, null when it names none. */
export function toFetched(
  subscription: Stripe.Subscription,
): Omit<FetchedSubscription, "userId"> & { userId: string | null; customerId: string; latestInvoiceId: string | null } {
  const { id, status, customer, metadata, items, cancel_at_period_end, ended_at, latest_invoice } = subscription;
  // Metered prices (overage) stand beside the plan's.
  const plan = items.data.find(({ price }) => tierOfPriceKey(price.lookup_key) !== null);
  const period = plan ?? items.data[0];
  return {
    id,
    userId: metadata[USER_ID_FIELD] ?? null,
    customerId: typeof customer === "string" ? customer : customer.id,
    latestInvoiceId: typeof latest_invoice === "string" ? latest_invoice : (latest_invoice?.id ?? null),
    tier: tierOfPriceKey(plan?.price.lookup_key ?? null),
    status: toStatus(status),
    periodStart: fromSeconds(period?.current_period_start ?? subscription.start_date),
    periodEnd: fromSeconds(period?.current_period_end ?? subscription.start_date),
    endsAtPeriodEnd: cancel_at_period_end,
    endedAt: ended_at === null ? null : fromSeconds(ended_at),
  };
}

function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1_000);
}
