import { setTimeout as sleep } from "node:timers/promises";
import { findAccount } from "@automna/records/credits/account";
import { grantCredits, holdCredits } from "@automna/records/credits/credits";
import { makePool } from "@automna/records/pool";
import { makeSilentLog } from "@automna/service-kit/log";
import { createTestDatabase } from "@automna/testkit/postgres";
import { expect, test } from "vitest";
import { startCreditSweep } from "./credit-sweep.ts";

test("two apis that sweep at once end each overdue hold and grant once, and stop when told", async () => {
  await using database = await createTestDatabase();
  const owner = makePool(database.url, { max: 1 });
  const pool = makePool(database.urlAs("automna_api"), { max: 4 });
  const userId = "user_0000000000000000000a";
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, 'a@example.com', 'local', now())", [
    userId,
  ]);
  const at = Date.now();
  await grantCredits(pool, { userId, key: "g", credits: 10, source: "promo", expiresAtMs: at + 5 }, at);
  await holdCredits(pool, { userId, key: "h", credits: 4, resource: "email", expiresAtMs: at + 1 }, at);
  const sweep = () => startCreditSweep({ pool, now: () => at + 10, log: makeSilentLog(), everyMs: 10 });
  const stops = [sweep(), sweep()];
  const balances = async () => (await findAccount(pool, userId))?.balances;
  try {
    const deadline = Date.now() + 10_000;
    while ((await balances())?.expired !== 10 && Date.now() < deadline) await sleep(20);
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
  expect(await balances()).toEqual({ issued: 10, available: 0, held: 0, spent: 0, expired: 10 });
  await Promise.all([owner.end(), pool.end()]);
});
