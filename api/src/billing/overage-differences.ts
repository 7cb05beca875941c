import { OVERAGE_METER_EVENT } from "@automna/core/billing/price-keys";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@automna/core/shared/clock";
import { listUnreportedBlocks, sumReportedBlocks, type ReportedUsage } from "@automna/records/credits/overage-blocks";
import type { Stripe } from "stripe";
import type { DifferenceDeps } from "./billing-differences.ts";
import type { RepairableDifference } from "./reconcile-billing.ts";
import { reportOverage } from "./report-overage.ts";

/** A report that is older is late: the job runs every few minutes. */
const LATE_MS = HOUR_MS;
/** Stripe takes meter events of the past 35 days: https://docs.stripe.com/api/billing/meter-event/create */
const METER_SINCE_MS = 35 * DAY_MS;
const LISTED = 1_000;

/** Blocks of overage that were not reported in time, and customers of whom the meter knows another number. */
export async function* findOverageDifferences(deps: DifferenceDeps): AsyncGenerator<RepairableDifference> {
  const { pool, now } = deps;
  const late = (await listUnreportedBlocks(pool, LISTED)).filter(({ startedAtMs }) => startedAtMs < now() - LATE_MS);
  for (const [userId, blocks] of Map.groupBy(late, (block) => block.userId)) {
    const repair = async () => {
      await reportOverage(deps);
      return !(await listUnreportedBlocks(pool, LISTED)).some((block) => block.userId === userId);
    };
    yield { kind: "overage", id: userId, ours: `${blocks.length} blocks began`, theirs: "not reported", repair };
  }
  const meter = await findMeter(deps.stripe);
  if (meter === null) return;
  for (const usage of await sumReportedBlocks(pool, now() - METER_SINCE_MS)) {
    const metered = await readMetered(deps, meter.id, usage);
    if (metered === null || metered === usage.blocks) continue;
    // Which of them is wrong can't be seen in a sum, and a second report could bill twice: a person decides.
    const [ours, theirs] = [`${usage.blocks} blocks reported`, `${metered} blocks metered`];
    yield { kind: "overage", id: usage.userId, ours, theirs, repair: null };
  }
}

async function findMeter(stripe: Stripe): Promise<Stripe.Billing.Meter | null> {
  for await (const meter of stripe.billing.meters.list({ status: "active", limit: 100 }))
    if (meter.event_name === OVERAGE_METER_EVENT) return meter;
  return null;
}

/** Null = the customer is gone from Stripe, and what was metered with them. */
async function readMetered(
  { db, stripe }: DifferenceDeps,
  meterId: string,
  { userId, firstAtMs, lastAtMs }: ReportedUsage,
): Promise<number | null> {
  const known = await db.billingCustomer.findUnique({ where: { userId } });
  if (known === null) return null;
  const { data } = await stripe.billing.meters.listEventSummaries(meterId, {
    customer: known.customerId,
    start_time: Math.floor(firstAtMs / MINUTE_MS) * 60,
    end_time: (Math.floor(lastAtMs / MINUTE_MS) + 1) * 60,
  });
  return data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0);
}
