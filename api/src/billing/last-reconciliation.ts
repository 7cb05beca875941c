import type { Database } from "@automna/records/database";
import { z } from "zod";

/** What the audit says of a reconciliation; `atMs` is by the api's clock, as Stripe's times are compared with it. */
export const RECONCILED = { action: "billing.reconciled", subject: "billing" } as const;
const dataSchema = z.object({ isDryRun: z.literal(false), atMs: z.number() });
/** Dry runs lie between those that repaired; further back than so many records nothing is looked for. */
const RECORDS_MAX = 1_000;

/**
 * When everything was last compared and repaired, ms since the epoch; 0 = never. A platform that was down for months has to
 * look back over all of them.
 */
export async function findLastReconciliation(db: Database): Promise<number> {
  const records = await db.auditEvent.findMany({
    where: RECONCILED,
    orderBy: { id: "desc" },
    take: RECORDS_MAX,
    select: { data: true },
  });
  for (const { data } of records) {
    const read = dataSchema.safeParse(data);
    if (read.success) return read.data.atMs;
  }
  return 0;
}
