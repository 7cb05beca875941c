import { findBooksProblems } from "@automna/records/credits/account";
import { makeChargeBatcher, type ChargeBatcher } from "@automna/records/credits/charge-batcher";
import type { Pool } from "pg";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { LedgerWorld } from "./world.ts";

/** The same for all: what differs is what is written. */
export const CONNECTIONS = 8;
/** Runs under way at once in one egress; each waits for its charge before it makes another. */
export const CALLERS = 256;
/** Of charges: how many are sent twice under one key. */
const REPEATED_SHARE = 0.02;

export interface Workload {
  name: "bare inserts" | "charges, many accounts" | "charges, one account";
  /** Works for this long and answers what was committed per second. */
  run: (forMs: number) => Promise<number>;
}

export interface Workloads {
  all: readonly Workload[];
  holdNothingLostOrDouble: () => Promise<void>;
  close: () => Promise<void>;
}

export function makeWorkloads(ctx: ScenarioContext, world: LedgerWorld): Workloads {
  const barePool = world.makeEgressPool(CONNECTIONS);
  const chargePool = world.makeEgressPool(CONNECTIONS);
  const batcher = makeChargeBatcher({ pool: chargePool, now: Date.now });
  const charges = makeCharges(ctx, batcher);
  return {
    all: [
      { name: "bare inserts", run: (forMs) => repeatFor(forMs, CONNECTIONS, () => insertBare(barePool)) },
      {
        name: "charges, many accounts",
        run: (forMs) => repeatFor(forMs, CALLERS, () => charges.send(ctx.random.pick(world.accounts))),
      },
      {
        name: "charges, one account",
        run: (forMs) => repeatFor(forMs, CALLERS, () => charges.send(world.hotAccount)),
      },
    ],
    holdNothingLostOrDouble: () => charges.holdNothingLostOrDouble(world),
    async close() {
      await batcher.close();
      await Promise.all([barePool.end(), chargePool.end()]);
    },
  };
}

async function insertBare(pool: Pool): Promise<number> {
  await pool.query({
    name: "bare",
    text: "INSERT INTO bare_rows (user_id, key, credits, at) VALUES ($1, $2, $3, now())",
    values: ["user_00000000000000000000", "run", 1],
  });
  return 1;
}

function makeCharges(ctx: ScenarioContext, batcher: ChargeBatcher) {
  const answered = new Map<string, number>();
  let next = 0;
  let repeats = 0;
  return {
    /** Answers how many were posted, never more than one. */
    async send(userId: string): Promise<number> {
      next += 1;
      const charge = { userId, key: `run-${next}`, credits: 1, resource: "ai_message" as const };
      const isRepeated = ctx.random.number() < REPEATED_SHARE;
      const posted = await Promise.all(Array.from({ length: isRepeated ? 2 : 1 }, () => batcher.charge(charge)));
      if (isRepeated) repeats += 1;
      answered.set(userId, (answered.get(userId) ?? 0) + 1);
      return posted.filter(({ isNew }) => isNew).length;
    },
    async holdNothingLostOrDouble({ owner }: LedgerWorld): Promise<void> {
      const { rows } = await owner.query<{ user_id: string; entries: number; keys: number; credits: number }>(
        `SELECT user_id, count(*)::int AS entries, count(DISTINCT key)::int AS keys, sum(credits)::int AS credits
         FROM credit_entries WHERE kind = 'charge' AND subject <> 'control' GROUP BY user_id`,
      );
      const stored = new Map(rows.map((row) => [row.user_id, row]));
      const total = [...answered.values()].reduce((sum, count) => sum + count, 0);
      const lost = [...answered].filter(([userId, count]) => (stored.get(userId)?.keys ?? 0) < count);
      const double = rows.filter(({ user_id: userId, entries }) => entries !== (answered.get(userId) ?? 0));
      ctx.figure("charges answered", total, "");
      ctx.figure("of these sent twice", repeats, "");
      ctx.hold(total > 0 && lost.length === 0, "no charge that was answered is lost", lost.slice(0, 3));
      ctx.hold(repeats > 0 && double.length === 0, "no charge is in the books twice", double.slice(0, 3));
      const problems = await findBooksProblems(owner);
      const ours = problems.filter(({ userId }) => answered.has(userId));
      ctx.hold(ours.length === 0, "every balance is the sum of its entries", ours.slice(0, 3));
    },
  };
}

/** Callers that work one after the other each; answers the sum of what they did per second. */
async function repeatFor(forMs: number, callers: number, work: () => Promise<number>): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  const call = async () => {
    while (performance.now() - startMs < forMs) {
      const count = await work();
      done += count; // not `done += await …`, which would read it before the wait
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return Math.round((done * 1_000) / (performance.now() - startMs));
}
