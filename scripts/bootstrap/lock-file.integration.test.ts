import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOwner, tryLock, unlock } from "./lock-file.mjs";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "automna-lock-"));
  lock = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LOCKER = `
  import { appendFileSync } from "node:fs";
  import { withLock } from ${JSON.stringify(join(import.meta.dirname, "lock-file.mjs"))};
  const [lock, log] = process.argv.slice(1);
  await withLock(lock, async () => {
    appendFileSync(log, "in ");
    await new Promise((resolve) => setTimeout(resolve, 50));
    appendFileSync(log, "out ");
  });`;

test("a second taker learns who has it; after giving back it is free", () => {
  expect(tryLock(lock)).toBeNull();
  expect(tryLock(lock)).toMatchObject({ pid: process.pid });
  unlock(lock);
  expect(tryLock(lock)).toBeNull();
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test("the lock of a dead process, of a reused pid and half a lock are taken over", async () => {
  const child = spawn("true");
  await once(child, "exit");
  for (const content of [
    JSON.stringify({ pid: child.pid, startedAt: "1" }),
    JSON.stringify({ pid: process.pid, startedAt: "not when we started" }),
    '{"pid":',
  ]) {
    writeFileSync(lock, content);
    expect(tryLock(lock)).toBeNull();
    expect(readOwner(lock)?.pid).toBe(process.pid);
    unlock(lock);
  }
});

test("many processes go one after the other, also past a dead owner", async () => {
  writeFileSync(lock, JSON.stringify({ pid: 999_999_999, startedAt: "1" }));
  const log = join(folder, "log");
  const lockers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", LOCKER, lock, log]),
  );
  await Promise.all(lockers.map((locker) => once(locker, "exit")));
  expect(readFileSync(log, "utf8")).toBe("in out ".repeat(4));
});
