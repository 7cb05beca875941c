import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@automna/core/shared/clock";
import type { LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import { newId } from "@automna/service-kit/new-id";
import { CrashedConnection, makeCrashingPool } from "@automna/testkit/crashing-client";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { isDatabaseAway } from "../database-errors.ts";
import { makePool as makeCalmPool, type Pool } from "../pool.ts";
import { findAccount, findBooksProblems, setOverageCap } from "./account.ts";
import { makeChargeBatcher } from "./charge-batcher.ts";
import { postOperations } from "./post-operations.ts";
import { sweepCredits } from "./sweep.ts";

const HISTORIES = 30;
const CUSTOMERS = 4;
const OPERATIONS = 48;
const WORKERS = 6;
/** Of statements: about every third operation meets a crash, often several times. */
const CRASH_RATE = 0.04;

let database: TestDatabase;
let calm: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  calm = makeCalmPool(database.url, { max: 4 });
});
afterAll(async () => {
  await calm.end();
  await database.drop();
});

/** mulberry32: small, seeded, good enough to choose with. */
function makeRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: <Item>(items: readonly [Item, ...Item[]]): Item => items[below(items.length)] ?? items[0],
  };
}
type Random = ReturnType<typeof makeRandom>;

const start = Date.UTC(2026, 10, 1);

/** Operations with few keys, so that many repeat, refer to each other, or come before what they refer to. */
function makeOperation(random: Random, userIds: readonly [string, ...string[]], atMs: number): LedgerOperation {
  const userId = random.pick(userIds);
  const key = `k${random.below(12)}`;
  // The amount belongs to the key, as it does with a caller who repeats a call.
  const credits = 1 + (Number(key.slice(1)) % 5);
  const month = random.below(3);
  return random.pick<LedgerOperation>([
    { type: "charge", userId, key, credits, resource: "ai_message" },
    { type: "charge", userId, key, credits, resource: "ai_message" },
    { type: "charge", userId, key: `owed-${key}`, credits, resource: "browser_minute", isOwed: true },
    { type: "hold", userId, key, credits, resource: "ai_message_deep", expiresAtMs: atMs + HOUR_MS },
    { type: "capture", userId, key, credits: credits - 1 },
    { type: "capture", userId, key, credits: credits + 2 },
    { type: "release", userId, key },
    { type: "refund", userId, key, credits },
    { type: "grant", userId, key, credits: credits * 3, source: "pack", expiresAtMs: null },
    { type: "grant", userId, key: `x-${key}`, credits: credits * 2, source: "promo", expiresAtMs: start + DAY_MS },
    { type: "revoke", userId, key },
    { type: "take_back", userId, key, credits: credits * random.below(4) },
    { type: "expire", userId, key: "" },
    {
      type: "renew",
      userId,
      key: "",
      credits: 20,
      periodStartMs: Date.UTC(2026, 8 + month, 1),
      periodEndMs: Date.UTC(2026, 9 + month, 1),
    },
  ]);
}

/** Repeats until the answer arrives, as every caller of the ledger does (S10). */
async function insist(pool: Pool, operation: LedgerOperation, atMs: number): Promise<OperationOutcome> {
  for (;;) {
    try {
      const [outcome] = await postOperations(pool, [operation], atMs);
      return outcome ?? expect.unreachable();
    } catch (error) {
      if (!(error instanceof CrashedConnection) && !isDatabaseAway(error)) throw error;
    }
  }
}

function makePool(random: Random): Pool {
  const dies = () => random.next() < CRASH_RATE;
  return makeCrashingPool(
    { connectionString: database.urlAs("automna_api"), max: WORKERS },
    { diesBefore: dies, diesAfter: (statement) => statement === "COMMIT" && random.next() < CRASH_RATE * 3 },
  );
}

async function makeCustomers(): Promise<[string, ...string[]]> {
  const ids = Array.from({ length: CUSTOMERS }, () => newId("user"));
  for (const id of ids)
    await calm.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [id]);
  await setOverageCap(calm, ids[0] ?? "", 1_000);
  return ids as [string, ...string[]];
}

async function playHistory(seed: number): Promise<string[]> {
  const random = makeRandom(seed);
  const userIds = await makeCustomers();
  const pool = makePool(random);
  let atMs = start;
  try {
    const work = async () => {
      for (let count = 0; count < OPERATIONS / WORKERS; count += 1) {
        atMs += random.below(2 * HOUR_MS);
        const at = atMs;
        const operation = makeOperation(random, userIds, at);
        // Some callers are there twice.
        const copies = random.next() < 0.3 ? 2 : 1;
        await Promise.all(Array.from({ length: copies }, () => insist(pool, operation, at)));
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    await sweepCredits(calm, atMs + 60 * DAY_MS);
    return await findViolations(userIds);
  } finally {
    await pool.end();
  }
}

const VIOLATIONS = {
  "a charge posted twice": `
    SELECT user_id FROM credit_entries WHERE key LIKE 'charge:%' GROUP BY user_id, key HAVING count(*) > 1`,
  "a grant posted twice": `
    SELECT user_id FROM credit_entries WHERE key LIKE 'grant:%' OR key LIKE 'renewal:%'
    GROUP BY user_id, key HAVING count(*) > 1`,
  "a refund of more than was taken": `
    SELECT r.user_id FROM credit_entries r WHERE r.kind = 'refund' AND r.credits > coalesce((
      SELECT sum(c.credits) FROM credit_entries c
      WHERE c.user_id = r.user_id AND c.kind IN ('charge', 'capture')
        AND c.key IN ('charge:' || substr(r.key, 8), 'close:' || substr(r.key, 8), 'late:' || substr(r.key, 8))), 0)`,
  "a hold that is open after its time": `SELECT user_id FROM credit_holds WHERE state = 'open'`,
  "credits of an expired grant that are still there": `
    SELECT user_id FROM credit_grants WHERE closed_at IS NULL AND expires_at IS NOT NULL`,
  "a running balance that does not add up": `
    SELECT user_id FROM (
      SELECT user_id, balance_after, sum(
        CASE WHEN to_account IN ('available', 'held') THEN credits ELSE 0 END -
        CASE WHEN from_account IN ('available', 'held') THEN credits ELSE 0 END
      ) OVER (PARTITION BY user_id ORDER BY number) AS summed FROM credit_entries) rows
    WHERE balance_after <> summed`,
  "a balance below what was agreed without anything owed": `
    SELECT a.user_id FROM credit_accounts a WHERE a.available < -coalesce(a.overage_cap, 0)
      AND NOT EXISTS (SELECT FROM credit_entries e WHERE e.user_id = a.user_id
        AND (e.key LIKE 'charge:owed-%' OR e.key LIKE 'close:%' OR e.key LIKE 'late:%'))`,
} as const;

async function findViolations(userIds: readonly string[]): Promise<string[]> {
  const found = (await findBooksProblems(calm)).map((problem) => `books: ${JSON.stringify(problem)}`);
  for (const [name, query] of Object.entries(VIOLATIONS)) {
    const { rows } = await calm.query(`SELECT * FROM (${query}) AS found WHERE user_id = ANY($1)`, [userIds]);
    if (rows.length > 0) found.push(`${name}: ${JSON.stringify(rows)}`);
  }
  return found;
}

describe("whatever is repeated, reordered, concurrent or cut off between two writes", () => {
  const batches = Array.from({ length: 6 }, (_, batch) => batch * (HISTORIES / 6));
  test.each(batches)("the books are right and nothing is double (histories from seed %i)", async (first) => {
    for (let seed = first; seed < first + HISTORIES / 6; seed += 1)
      expect(await playHistory(seed), `seed ${seed}`).toEqual([]);
  });

  test("no charge of a batcher is lost or double while its connections die", async () => {
    const random = makeRandom(7);
    const userIds = await makeCustomers();
    for (const userId of userIds)
      await postOperations(
        calm,
        [{ type: "grant", userId, key: "g", credits: 10_000, source: "pack", expiresAtMs: null }],
        start,
      );
    const pool = makePool(random);
    const batcher = makeChargeBatcher({ pool, now: Date.now, lanes: 3 });
    const charges = Array.from({ length: 600 }, (_, index) => ({
      userId: random.pick(userIds),
      key: `run-${index}`,
      credits: 1 + random.below(4),
      resource: "ai_message" as const,
    }));
    try {
      const posted = await Promise.all([...charges, ...charges.slice(0, 100)].map((charge) => batcher.charge(charge)));
      expect(posted.filter(({ isNew }) => isNew).length).toBeLessThanOrEqual(600);
      for (const userId of userIds) {
        const sum = charges
          .filter((charge) => charge.userId === userId)
          .reduce((total, { credits }) => total + credits, 0);
        expect((await findAccount(calm, userId))?.balances.spent).toBe(sum);
      }
      expect(await findViolations(userIds)).toEqual([]);
    } finally {
      await batcher.close();
      await pool.end();
    }
  });

  test("the checks see what they look for: a balance, a repeated charge and a gap that were forced in", async () => {
    const [userId] = await makeCustomers();
    await postOperations(
      calm,
      [{ type: "grant", userId, key: "g", credits: 10, source: "pack", expiresAtMs: null }],
      start,
    );
    // The trigger is part of what is proven; this is what an attacker with the owner's rights could do.
    await calm.query("UPDATE credit_accounts SET available = 12, issued = 12 WHERE user_id = $1", [userId]);
    const forge = `INSERT INTO credit_entries (user_id, number, key, leg, kind, from_account, to_account, credits, balance_after, subject, at)
      VALUES ($1, $2, 'charge:z', $3, 'charge', 'available', 'spent', 1, 9, 'x', now())`;
    await calm.query(forge, [userId, 3, 0]);
    await calm.query(forge, [userId, 4, 1]);
    const found = (await findViolations([userId])).join("\n");
    for (const sign of ["books", "a charge posted twice", "a running balance"]) expect(found).toContain(sign);
  });
});
