import { trialCredits } from "@automna/core/billing/invoice-credits";
import type { LedgerOperation } from "@automna/core/credits/operations";
import { DAY_MS } from "@automna/core/shared/clock";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { putSubscription, settleUser } from "@automna/records/billing";
import { postOperations } from "@automna/records/credits/post-operations";
import type { Transaction } from "@automna/records/database";
import type { Stripe } from "stripe";
import { lockStripeObject } from "./billing-lock.ts";
import { toFetched, type ReadSubscription } from "./fetch-subscription.ts";
import { findPayer } from "./find-payer.ts";
import { settleInvoice, type SettleInvoiceDeps } from "./settle-invoice.ts";

export interface RefreshDeps extends SettleInvoiceDeps {
  stripe: Pick<Stripe, "subscriptions" | "invoices">;
  /** Agents whose wish changed: the provisioner looks at them again. */
  hint: (agentId: string) => Promise<void>;
}

/** Fetches a subscription, writes it down and takes what follows from it. Someone else's subscription is left alone. */
export async function refreshSubscription(tx: Transaction, deps: RefreshDeps, subscriptionId: string): Promise<void> {
  const { stripe, now, hint } = deps;
  await lockStripeObject(tx, subscriptionId);
  const { customerId, latestInvoiceId, ...facts } = toFetched(await stripe.subscriptions.retrieve(subscriptionId));
  const userId = await findPayer(tx, { namedUserId: facts.userId, customerId });
  if (userId === null) return;
  const at = new Date(now());
  await putSubscription(tx, { ...facts, userId }, at);
  const { agentIds } = await settleUser(tx, userId, at);
  // The ledger keeps its own transactions. It comes before the event is done, and does the same thing once.
  await grantTrial(deps, userId, facts);
  if (latestInvoiceId !== null) await settleInvoice(tx, deps, latestInvoiceId);
  // Only a hint: without it the provisioner's sweep finds the agents within a minute.
  for (const agentId of agentIds) await hint(agentId);
}

type TrialFacts = Pick<ReadSubscription, "id" | "tier" | "status" | "periodStart" | "trialEndsAt">;

/** A trial's share of the plan's credits, once per subscription. Of no trial there is none. */
async function grantTrial(
  { pool, now }: RefreshDeps,
  userId: string,
  { id, tier, status, periodStart, trialEndsAt }: TrialFacts,
): Promise<void> {
  if (tier === null || status !== "trialing" || trialEndsAt === null) return;
  const [periodStartMs, periodEndMs] = [periodStart.getTime(), trialEndsAt.getTime()];
  const days = Math.round((periodEndMs - periodStartMs) / DAY_MS);
  const credits = trialCredits(tierCatalogue[tier].creditsPerMonth, days);
  const operations: LedgerOperation[] = [
    { type: "renew", userId, key: "", credits: 0, periodStartMs, periodEndMs },
    // Of the plan that the trial began with: a switch within it is answered as a repetition or a conflict, and posts nothing.
    { type: "grant", userId, key: `trial:${id}`, credits, source: "monthly", expiresAtMs: periodEndMs },
  ];
  if (credits > 0) await postOperations(pool, operations, now());
}
