import { tiersOf } from "@automna/core/billing/plan-change";
import { tierOfPrice } from "@automna/core/billing/price-keys";
import { toStatus, type FetchedSubscription } from "@automna/records/billing";
import type { Stripe } from "stripe";

/** Where the user's id stands in the metadata of what we make at Stripe. */
export const USER_ID_FIELD = "userId";

export interface ReadSubscription extends Omit<FetchedSubscription, "userId"> {
  /** From its metadata; null when it names none. */
  userId: string | null;
  customerId: string;
  latestInvoiceId: string | null;
}

/** A subscription as our records have it. */
export function toFetched(subscription: Stripe.Subscription): ReadSubscription {
  const { id, status, metadata, cancel_at_period_end, ended_at, latest_invoice, trial_end } = subscription;
  const plan = planItemOf(subscription);
  const period = plan ?? subscription.items.data[0];
  const periodEndS = period?.current_period_end ?? subscription.start_date;
  return {
    id,
    userId: metadata[USER_ID_FIELD] ?? null,
    customerId: idOf(subscription.customer),
    latestInvoiceId: latest_invoice === null ? null : idOf(latest_invoice),
    ...tiersOf(plan === undefined ? null : tierOfPrice(plan.price), metadata, periodEndS),
    status: toStatus(status),
    periodStart: fromSeconds(period?.current_period_start ?? subscription.start_date),
    periodEnd: fromSeconds(periodEndS),
    endsAtPeriodEnd: cancel_at_period_end,
    endedAt: ended_at === null ? null : fromSeconds(ended_at),
    trialEndsAt: trial_end === null ? null : fromSeconds(trial_end),
  };
}

/** The item of the plan; metered prices (overage) stand beside it. */
export function planItemOf({ items }: Stripe.Subscription): Stripe.SubscriptionItem | undefined {
  return items.data.find(({ price }) => tierOfPrice(price) !== null);
}

/** An id, or the object that was expanded. */
export function idOf(value: string | { id: string }): string {
  return typeof value === "string" ? value : value.id;
}

export function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1_000);
}
