import { AppError } from "@automna/core/shared/app-error";
import type { Clock } from "@automna/core/shared/clock";
import { linkCustomer, putSubscription, settleUser } from "@automna/records/billing";
import type { Transaction } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";
import { z } from "zod";
import type { HandleInboxEvent } from "../webhooks/inbox-worker.ts";
import { toFetched } from "./fetch-subscription.ts";
import { grantPaidMonth } from "./paid-month.ts";

export interface StripeInboxDeps {
  stripe: Pick<Stripe, "subscriptions" | "invoices">;
  pool: Pool;
  now: Clock;
  /** Agents whose wish changed: the provisioner looks at them again. */
  hint: (agentId: string) => Promise<void>;
}

const objectSchema = z.object({
  data: z.object({
    object: z
      .object({
        id: z.string().optional(),
        object: z.string().optional(),
        subscription: z.unknown().optional(),
        parent: z
          .object({ subscription_details: z.object({ subscription: z.unknown().optional() }).nullish() })
          .nullish()
          .catch(null),
      })
      .loose(),
  }),
});

/**
 * Events say what to look at, never what is so: they come late, twice and out of order, so the subscription is fetched
 * anew and written down as it is now (design D12). An event that touches no subscription needs nothing.
 */
export function makeStripeInbox(deps: StripeInboxDeps): HandleInboxEvent {
  return async (tx, { payload }) => {
    const subscriptionId = subscriptionIn(payload);
    if (subscriptionId !== null) await refreshSubscription(tx, deps, subscriptionId);
  };
}

/** Fetches a subscription, writes it down and takes what follows from it. Someone else's subscription is left alone. */
export async function refreshSubscription(
  tx: Transaction,
  deps: StripeInboxDeps,
  subscriptionId: string,
): Promise<void> {
  const { stripe, now, hint } = deps;
  const fetched = toFetched(await stripe.subscriptions.retrieve(subscriptionId));
  const { customerId, latestInvoiceId, ...facts } = fetched;
  const userId = fetched.userId ?? (await tx.billingCustomer.findUnique({ where: { customerId } }))?.userId ?? null;
  // Of another product on the same Stripe account, or of a user who is not known: nothing of ours.
  if (userId === null || (await tx.user.findUnique({ where: { id: userId }, select: { id: true } })) === null) return;
  const linked = await linkCustomer(tx, userId, customerId);
  if (linked !== customerId)
    throw new AppError("customer_mismatch", "bug", "a subscription names a user of another Stripe customer");
  const at = new Date(now());
  await putSubscription(tx, { ...facts, userId }, at);
  const { agentIds } = await settleUser(tx, userId, at);
  // The ledger keeps its own transactions. It comes before the event is done, and does the same thing once.
  await grantPaidMonth(deps, { ...facts, userId }, latestInvoiceId);
  // Only a hint: without it the provisioner's sweep finds the agents within a minute.
  for (const agentId of agentIds) await hint(agentId);
}

/** The subscription that an event is about: itself, a checkout's or an invoice's. */
function subscriptionIn(payload: string): string | null {
  const { object } = objectSchema.parse(JSON.parse(payload)).data;
  if (object.object === "subscription") return object.id ?? null;
  return idOf(object.subscription) ?? idOf(object.parent?.subscription_details?.subscription);
}

function idOf(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null && "id" in value ? value.id : value;
  return typeof id === "string" ? id : null;
}
