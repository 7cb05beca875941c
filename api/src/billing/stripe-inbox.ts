import type { Transaction } from "@automna/records/database";
import type { Stripe } from "stripe";
import { z } from "zod";
import type { HandleInboxEvent } from "../webhooks/inbox-worker.ts";
import { makePriceBook, type PriceBook } from "./price-book.ts";
import { refreshSubscription, type RefreshDeps } from "./refresh-subscription.ts";
import { invoiceGrantKey, settleInvoice } from "./settle-invoice.ts";
import { settleReturns, type SettleReturnsDeps } from "./settle-returns.ts";

export type BillingDeps = RefreshDeps & SettleReturnsDeps & { prices: PriceBook };
export type StripeInboxDeps = Omit<BillingDeps, "stripe" | "prices" | "grantKey"> & { stripe: Stripe } & Partial<
    Pick<BillingDeps, "grantKey">
  >;

const objectSchema = z.object({
  data: z.object({
    object: z
      .object({
        id: z.string().optional(),
        object: z.string().optional(),
        subscription: z.unknown().optional(),
        invoice: z.unknown().optional(),
        payment_intent: z.unknown().optional(),
        parent: z
          .object({ subscription_details: z.object({ subscription: z.unknown().optional() }).nullish() })
          .nullish()
          .catch(null),
      })
      .loose(),
  }),
});

/**
 * Events say what to look at, never what is so: they come late, twice and out of order, so what they are about is fetched
 * anew and written down as it is now (design D12). An event that touches nothing of ours needs nothing.
 */
export function makeStripeInbox(deps: StripeInboxDeps): HandleInboxEvent {
  const complete = toBillingDeps(deps);
  return (tx, { type, payload }) => handleStripeEvent(tx, complete, { type, payload });
}

/** What settling needs beside what the caller gives. */
export function toBillingDeps(deps: StripeInboxDeps): BillingDeps {
  return { grantKey: invoiceGrantKey, ...deps, prices: makePriceBook(deps.stripe) };
}

async function handleStripeEvent(
  tx: Transaction,
  deps: BillingDeps,
  { type, payload }: { type: string; payload: string },
): Promise<void> {
  const { invoiceId, subscriptionId, paymentIntentId } = subjectsIn(payload);
  if (paymentIntentId !== null && isAboutReturns(type)) await settleReturns(tx, deps, paymentIntentId);
  if (invoiceId !== null) await settleInvoice(tx, deps, invoiceId);
  if (subscriptionId !== null) await refreshSubscription(tx, deps, subscriptionId);
}

function isAboutReturns(type: string): boolean {
  return type.startsWith("refund.") || type.startsWith("charge.refund") || type.startsWith("charge.dispute.");
}

/** What an event is about: itself, or what a checkout, an invoice or a refund belongs to. */
function subjectsIn(payload: string): Record<"invoiceId" | "subscriptionId" | "paymentIntentId", string | null> {
  const { object } = objectSchema.parse(JSON.parse(payload)).data;
  const own = (kind: string) => (object.object === kind ? (object.id ?? null) : null);
  return {
    invoiceId: own("invoice") ?? idIn(object.invoice),
    subscriptionId:
      own("subscription") ?? idIn(object.subscription) ?? idIn(object.parent?.subscription_details?.subscription),
    paymentIntentId: idIn(object.payment_intent),
  };
}

function idIn(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null && "id" in value ? value.id : value;
  return typeof id === "string" ? id : null;
}
