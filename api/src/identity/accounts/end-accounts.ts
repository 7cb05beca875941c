import type { Clock } from "@automna/core/shared/clock";
import { eraseUser, listSubscriptionsToEnd, listUsersToErase } from "@automna/records/account-deletions";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { ClerkClient } from "@clerk/express";
import type { Stripe } from "stripe";
import { refreshSubscription } from "../../billing/refresh-subscription.ts";
import { toBillingDeps } from "../../billing/stripe-inbox.ts";

export interface EndAccountsDeps {
  db: Database;
  pool: Pool;
  /** Null = nothing is sold here. */
  stripe: Stripe | null;
  /** Null = accounts are nobody else's. */
  clerk: Pick<ClerkClient, "users"> | null;
  now: Clock;
  hint: (agentId: string) => Promise<void>;
}

const USERS_AT_ONCE = 100;

/**
 * Does what is due for accounts that end: their subscriptions are cancelled at once, and when their time is over they
 * are erased, at the identity provider too. Each step is repeated until it is done; several workers may do so at once.
 */
export async function endAccounts(deps: EndAccountsDeps): Promise<void> {
  const { db, clerk, now, hint } = deps;
  await endSubscriptions(deps);
  for (const userId of await listUsersToErase(db, new Date(now()), USERS_AT_ONCE)) {
    // Someone who goes on paying is not forgotten: first the money ends, then the data.
    if ((await listSubscriptionsToEnd(db, userId)).length > 0) continue;
    if (clerk !== null) await unlessGone(clerk.users.deleteUser(userId));
    const agentIds = await db.$transaction((tx) => eraseUser(tx, userId, new Date(now())), transactionLimits);
    for (const agentId of agentIds) await hint(agentId);
  }
}

async function endSubscriptions({ stripe, ...deps }: EndAccountsDeps): Promise<void> {
  if (stripe === null) return;
  for (const { id } of await listSubscriptionsToEnd(deps.db)) {
    await unlessGone(stripe.subscriptions.cancel(id));
    await deps.db.$transaction(
      (tx) => refreshSubscription(tx, toBillingDeps({ ...deps, stripe }), id),
      transactionLimits,
    );
  }
}

/** The call before this one may have worked without our hearing of it. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const status: unknown =
      error instanceof Error && "statusCode" in error
        ? error.statusCode
        : error instanceof Error && "status" in error
          ? error.status
          : null;
    if (status !== 404) throw error;
  }
}
