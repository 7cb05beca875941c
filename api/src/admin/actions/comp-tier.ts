import { appError } from "@automna/contract/error-catalogue";
import { DAY_MS } from "@automna/core/shared/clock";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { settleUser } from "@automna/records/billing";
import { beginComp, endComp } from "@automna/records/comped-tiers";
import { transactionLimits, type Transaction } from "@automna/records/database";
import { grantCompedMonth } from "../../credits/grant-comped-month.ts";
import type { ActionContext, ActionDeps, ActionExecutor } from "./action.ts";

/** Gives a plan for a time; what follows from it follows as from a paid one, the month's credits too. */
export const executeCompTier: ActionExecutor<"comp_tier"> = async (deps, context, { tier, days }) => {
  if (deps.stripe === null) throw appError("billing_unavailable");
  if (tierCatalogue[tier].sale === "internal") throw appError("plan_not_for_sale");
  const { actionId: id, userId } = context;
  await settleAfter(deps, context, (tx, now) =>
    beginComp(tx, { id, userId, tier, expiresAt: new Date(now.getTime() + days * DAY_MS) }, now),
  );
  // The ledger keeps its own transactions; after a crash here the billing clock does it.
  await grantCompedMonth(deps, userId);
};

export const executeEndComp: ActionExecutor<"end_comp"> = (deps, context) =>
  settleAfter(deps, context, (tx, now) => endComp(tx, context.userId, now));

async function settleAfter(
  { db, now, hint }: ActionDeps,
  { userId, finish }: ActionContext,
  change: (tx: Transaction, now: Date) => Promise<void>,
): Promise<void> {
  const agentIds = await db.$transaction(async (tx) => {
    const at = new Date(now());
    await change(tx, at);
    const settled = await settleUser(tx, userId, at);
    await finish(tx);
    return settled.agentIds;
  }, transactionLimits);
  for (const agentId of agentIds) await hint(agentId);
}
