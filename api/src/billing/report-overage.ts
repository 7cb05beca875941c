import { OVERAGE_METER_EVENT } from "@automna/core/billing/price-keys";
import type { Clock } from "@automna/core/shared/clock";
import {
  blockIdentifier,
  listUnreportedBlocks,
  markBlockAttempted,
  markBlockReported,
  type OverageBlock,
} from "@automna/records/credits/overage-blocks";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";
import { fromSeconds, planItemOf } from "./fetch-subscription.ts";
import { ensureOverageItem } from "./overage-item.ts";

export interface ReportOverageDeps {
  db: Database;
  pool: Pool;
  stripe: Stripe;
  now: Clock;
  /** Under which Stripe counts a block once. */
  identifier?: (block: OverageBlock) => string;
}

const BATCH = 200;

/**
 * Tells Stripe's meter of each block of overage that began, once: the identifier makes a repetition after a crash or a lost
 * answer harmless. A customer without a running subscription waits until there is one. Answers how many were reported.
 */
export async function reportOverage(deps: ReportOverageDeps): Promise<number> {
  let count = 0;
  const byUser = Map.groupBy(await listUnreportedBlocks(deps.pool, BATCH), ({ userId }) => userId);
  for (const [userId, blocks] of byUser) count += await reportBlocksOf(deps, userId, blocks);
  return count;
}

async function reportBlocksOf(
  deps: ReportOverageDeps,
  userId: string,
  blocks: readonly OverageBlock[],
): Promise<number> {
  const subscription = await ensureOverageItem(deps, userId);
  if (subscription === null) return 0;
  const periodStart = fromSeconds(planItemOf(subscription)?.current_period_start ?? subscription.start_date);
  const customer = typeof subscription.customer === "string" ? subscription.customer : subscription.customer.id;
  for (const block of blocks) await reportBlock(deps, block, { customer, periodStart });
  return blocks.length;
}

async function reportBlock(
  { pool, stripe, now, identifier = blockIdentifier }: ReportOverageDeps,
  block: OverageBlock,
  { customer, periodStart }: { customer: string; periodStart: Date },
): Promise<void> {
  // A period that is over was billed without it: what is late is billed with the present one.
  const atMs = block.attemptedAtMs ?? Math.max(block.startedAtMs, periodStart.getTime());
  await markBlockAttempted(pool, block, atMs);
  try {
    await stripe.billing.meterEvents.create({
      event_name: OVERAGE_METER_EVENT,
      payload: { stripe_customer_id: customer, value: "1" },
      identifier: identifier(block),
      timestamp: Math.floor(atMs / 1_000),
    });
  } catch (error) {
    if (!isKnownAlready(error)) throw error;
  }
  await markBlockReported(pool, block, now());
}

/** The meter has an event of this identifier: the report arrived, its answer did not. */
function isKnownAlready(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "resource_already_exists";
}
