import { findBooksProblems } from "@automna/records/credits/account";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { LedgerWorld } from "./world.ts";

const TRIES = 40;

/** The control: charges that read, decide and write without the lock lose updates, and the check says so. */
export async function findLostUpdates(ctx: ScenarioContext, { owner, makeEgressPool, controlAccount }: LedgerWorld) {
  const pool = makeEgressPool(4);
  try {
    const charge = async (_: unknown, index: number) => {
      const { rows } = await pool.query<{ available: string; spent: string }>(
        "SELECT available, spent FROM credit_accounts WHERE user_id = $1",
        [controlAccount],
      );
      const { available = "0", spent = "0" } = rows[0] ?? {};
      await pool.query(
        "UPDATE credit_accounts SET available = $2::bigint - 1, spent = $3::bigint + 1, entry_count = $4 WHERE user_id = $1",
        [controlAccount, available, spent, TRIES + 1],
      );
      await pool.query(
        `INSERT INTO credit_entries (user_id, number, key, leg, kind, from_account, to_account, credits, balance_after, subject, at)
         VALUES ($1, $2, $3, 0, 'charge', 'available', 'spent', 1, 0, 'control', now())`,
        [controlAccount, index + 2, `control-${index}`],
      );
    };
    await Promise.all(Array.from({ length: TRIES }, charge));
    const found = (await findBooksProblems(owner)).some(({ userId }) => userId === controlAccount);
    ctx.must(found, "charges without the lock lose updates, and the check of the books finds them");
  } finally {
    await pool.end();
  }
}
