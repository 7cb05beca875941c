import { findAccount } from "@automna/records/credits/account";
import type { Pool } from "pg";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { LedgerWorld } from "./world.ts";

const BLOCK = 100;

/** Fills the hot account to a million entries; answers what a balance read then costs in primary-key reads (medians of blocks). */
export async function compareBalanceReads(ctx: ScenarioContext, world: LedgerWorld): Promise<number> {
  const wanted = ctx.isQuick ? 100_000 : 1_000_000;
  await fillTo(world, wanted);
  const pool = world.makeEgressPool(1);
  try {
    const account = await findAccount(pool, world.hotAccount);
    ctx.must((account?.entryCount ?? 0) >= wanted, `the account has ${wanted} entries or more`, account?.entryCount);
    const { rows } = await world.owner.query<{ id: string }>("SELECT max(id) AS id FROM bare_rows");
    const id = rows[0]?.id ?? "1";
    const reads = {
      balance: () => findAccount(pool, world.hotAccount),
      primaryKey: () => readByKey(pool, id),
    };
    const costs = await interleave(ctx, reads, ctx.isQuick ? 10 : 40);
    ctx.figure(`balance read at ${wanted} entries`, costs.balance, "µs");
    ctx.figure("primary-key read", costs.primaryKey, "µs");
    return costs.balance / costs.primaryKey;
  } finally {
    await pool.end();
  }
}

async function readByKey(pool: Pool, id: string): Promise<void> {
  await pool.query({ name: "by-key", text: "SELECT * FROM bare_rows WHERE id = $1", values: [id] });
}

async function interleave<Name extends string>(
  ctx: ScenarioContext,
  reads: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(reads) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ctx.random.shuffle(names)) {
      ctx.signal.throwIfAborted();
      const startMs = performance.now();
      for (let count = 0; count < BLOCK; count += 1) await reads[name]();
      taken[name].push(((performance.now() - startMs) * 1_000) / BLOCK);
    }
  }
  const middle = (values: number[]) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
  return Object.fromEntries(names.map((name) => [name, Math.round(middle(taken[name]))])) as Record<Name, number>;
}

/** Entries in bulk: what they would be had they been charged one by one. */
async function fillTo({ owner, hotAccount }: LedgerWorld, wanted: number): Promise<void> {
  const account = await findAccount(owner, hotAccount);
  const missing = wanted - (account?.entryCount ?? 0);
  if (account === null || missing <= 0) return;
  const { available, held } = account.balances;
  await owner.query(
    `WITH filled AS (
       INSERT INTO credit_entries (user_id, number, key, leg, kind, from_account, to_account, credits, balance_after, subject, at)
       SELECT $1, $2::int + n, 'charge:fill-' || n, 0, 'charge', 'available', 'spent', 1, $3::bigint - n, 'ai_message', now()
       FROM generate_series(1, $4::int) AS n
     )
     UPDATE credit_accounts SET available = available - $4::int, spent = spent + $4::int, entry_count = entry_count + $4::int
     WHERE user_id = $1`,
    [hotAccount, account.entryCount, available + held, missing],
  );
}
