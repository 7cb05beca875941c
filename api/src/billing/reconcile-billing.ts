import type { BillingDifference } from "@automna/contract/billing";
import { appendAudit } from "@automna/records/audit";
import { listDueUsers, settleUser } from "@automna/records/billing";
import { listUsersWithEndedComps } from "@automna/records/comped-tiers";
import { findBooksProblems } from "@automna/records/credits/account";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import { findInvoiceDifferences, findReturnDifferences, findSubscriptionDifferences } from "./billing-differences.ts";
import { findLastReconciliation, RECONCILED } from "./last-reconciliation.ts";
import { findOverageDifferences } from "./overage-differences.ts";
import { toBillingDeps, type StripeInboxDeps } from "./stripe-inbox.ts";

export type ReconcileDeps = StripeInboxDeps & { stripe: Stripe; db: Database };

export interface ReconcileOptions {
  /** The operator who asked; null = the nightly job. */
  by: string | null;
  /** Lists what differs and repairs nothing. */
  isDryRun: boolean;
}

/** A difference with what would end it. `repair` answers whether it did; null = only a person can. */
export interface RepairableDifference extends Omit<BillingDifference, "isRepaired"> {
  repair: (() => Promise<boolean>) | null;
}

/**
 * Compares subscriptions, paid invoices with their credits, money that went back and overage with Stripe, and the books with
 * themselves, and repairs what differs: the net under lost events. Lists it; nothing when no event was lost.
 */
export async function reconcileBilling(
  deps: ReconcileDeps,
  { by, isDryRun }: ReconcileOptions = { by: null, isDryRun: false },
): Promise<BillingDifference[]> {
  const { db, stripe, pool } = deps;
  const atMs = deps.now();
  const complete = { ...toBillingDeps(deps), stripe, db, comparedUntilMs: await findLastReconciliation(db) };
  const found: BillingDifference[] = [];
  for (const find of [
    findSubscriptionDifferences,
    findInvoiceDifferences,
    findReturnDifferences,
    findOverageDifferences,
  ])
    for await (const { repair, ...difference } of find(complete))
      found.push({ ...difference, isRepaired: !isDryRun && repair !== null && (await repair()) });
  for (const { userId, kept, summed } of await findBooksProblems(pool))
    found.push({
      kind: "books",
      id: userId,
      ours: JSON.stringify(kept),
      theirs: JSON.stringify(summed),
      isRepaired: false,
    });
  if (!isDryRun) await takeDueSteps(deps);
  const repaired = found.filter(({ isRepaired }) => isRepaired).length;
  const data = { differences: found.length, repaired, isDryRun, atMs };
  await appendAudit(db, { userId: by, ...RECONCILED, data });
  return found;
}

/** Takes the steps of dunning whose time has come; several workers may do so at once. */
export async function takeDueSteps({ db, now, hint }: Pick<ReconcileDeps, "db" | "now" | "hint">): Promise<number> {
  const at = new Date(now());
  const due = [...new Set([...(await listDueUsers(db, at, 1_000)), ...(await listUsersWithEndedComps(db, at))])];
  for (const userId of due) {
    const { agentIds } = await db.$transaction((tx) => settleUser(tx, userId, new Date(now())), transactionLimits);
    for (const agentId of agentIds) await hint(agentId);
  }
  return due.length;
}
