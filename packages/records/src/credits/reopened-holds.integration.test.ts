import type { LedgerOperation } from "@automna/core/credits/operations";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makePool, type Pool } from "../pool.ts";
import { findAccount, findBooksProblems } from "./account.ts";
import { makeOperationBatcher } from "./operation-batcher.ts";
import { postOperations } from "./post-operations.ts";
import { sweepCredits } from "./sweep.ts";

const at = Date.UTC(2026, 10, 22);
let database: TestDatabase;
let owner: Pool;
let egress: Pool;
let userId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = makePool(database.url, { max: 2 });
  egress = makePool(database.urlAs("automna_egress"), { max: 4 });
});
afterAll(async () => {
  expect(await findBooksProblems(owner)).toEqual([]);
  await Promise.all([owner.end(), egress.end()]);
  await database.drop();
});
beforeEach(async () => {
  userId = newId("user");
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [userId]);
  const grant = { type: "grant", userId, key: "g", credits: 10, source: "pack", expiresAtMs: null } as const;
  await postOperations(owner, [grant], at);
});

const hold = (credits = 5, key = "run"): LedgerOperation => ({
  type: "hold",
  userId,
  key,
  credits,
  resource: "ai_message",
  expiresAtMs: at + 1_000,
  canReopen: true,
});
const release = (): LedgerOperation => ({ type: "release", userId, key: "run" });
const capture = (credits = 5): LedgerOperation => ({ type: "capture", userId, key: "run", credits });
const post = (...operations: LedgerOperation[]) => postOperations(egress, operations, at);
const balances = async () => (await findAccount(owner, userId))?.balances;

describe("a hold that can be opened again", () => {
  test("is held anew after each release and captured once, whatever round it was", async () => {
    for (let round = 0; round < 3; round += 1) {
      await post(hold());
      expect(await balances()).toMatchObject({ available: 5, held: 5, spent: 0 });
      await post(release());
      expect(await balances()).toMatchObject({ available: 10, held: 0 });
    }
    await post(hold());
    await post(capture());
    for (const outcome of await post(capture(), hold(), capture()))
      expect(outcome).toMatchObject({ outcome: "posted", isReplay: true });
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
  });

  test("goes through all of it in one transaction as in many", async () => {
    await post(hold(), release(), hold(), capture(), hold(), release());
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
    await post(hold(), capture());
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
  });

  test("is refused anew when the credits are gone meanwhile", async () => {
    await post(hold(), release(), hold(8, "other"));
    expect(await post(hold())).toMatchObject([{ outcome: "refused", available: 2 }]);
  });

  test("captured after its release was used all the same: charged once, and not held again", async () => {
    await post(hold(), release(), capture());
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
    await post(hold(), capture(), release());
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
  });

  test("left open by a process that died is released by the sweep, and opens again", async () => {
    await post(hold());
    await sweepCredits(owner, at + 2_000);
    expect(await balances()).toMatchObject({ available: 10, held: 0 });
    await post(hold(), capture());
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
  });

  test("two processes that hold and capture the same run at once charge it once", async () => {
    const processes = [1, 2].map(() => makeOperationBatcher({ pool: egress, now: () => at, lanes: 2 }));
    await Promise.all(
      processes.flatMap(({ post: postOne }) =>
        Array.from({ length: 20 }, async (_, index) => {
          await postOne(hold());
          await postOne(index % 3 === 0 ? release() : capture());
        }),
      ),
    );
    await Promise.all(processes.map(({ close }) => close()));
    expect(await balances()).toMatchObject({ available: 5, held: 0, spent: 5 });
  });
});

test("without that wish a hold stays what it was", async () => {
  const once: LedgerOperation = {
    type: "hold",
    userId,
    key: "run",
    credits: 5,
    resource: "email",
    expiresAtMs: at + 1_000,
  };
  await post(once, release(), once);
  expect(await balances()).toMatchObject({ available: 10, held: 0 });
});
