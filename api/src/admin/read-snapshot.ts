import type { Clock } from "@automna/core/shared/clock";
import { findComp } from "@automna/records/comped-tiers";
import { findAccount } from "@automna/records/credits/account";
import type { Database, Transaction } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { ActionFacts } from "./actions/action.ts";
import { findSupport } from "./support-records.ts";

/** How a customer stands, in a few facts: what the audit keeps of before and after. */
export async function readSnapshot(
  { tx, pool, now }: { tx: Database | Transaction; pool: Pool; now: Clock },
  userId: string,
): Promise<ActionFacts> {
  const at = new Date(now());
  // One after another: a transaction has one connection.
  const user = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { state: true } });
  const entitlement = await tx.entitlement.findUnique({ where: { userId } });
  const agents = await tx.agent.findMany({
    where: { userId, phase: { not: "deleted" } },
    orderBy: { createdAt: "asc" },
  });
  const comp = await findComp(tx, userId, at);
  const support = await findSupport(tx, userId, at);
  const account = await findAccount(pool, userId);
  return {
    state: user.state,
    tier: entitlement?.tier ?? null,
    dunning: entitlement?.dunning ?? null,
    available: account?.balances.available ?? 0,
    agents: agents.map(({ id, desired, phase }) => `${id} ${desired} ${phase}`).join(", "),
    comp: comp === null ? null : `${comp.tier} until ${comp.expiresAt.toISOString()}`,
    supportUntil: support?.endsAt.toISOString() ?? null,
  };
}
