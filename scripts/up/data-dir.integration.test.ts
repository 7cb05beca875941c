import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataDir, prepareDataDir, resetDataDir } from "./data-dir.ts";

let parent: string;
let root: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "automna-data-dir-"));
  chmodSync(parent, 0o755);
  root = join(parent, "data");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const prepare = () => {
  openDataDir(root);
  return prepareDataDir(root, () => 21_000);
};

test("makes a new folder and finds what it remembered again", () => {
  expect(prepare().marker.agentPortBase).toBe(21_000);
  expect(prepareDataDir(root, () => 22_000).marker.agentPortBase).toBe(21_000);
});

test("keeps secrets and logs to the owner", () => {
  const { dir } = prepare();
  expect(statSync(dir.secrets).mode & 0o777).toBe(0o700);
  expect(statSync(dir.logs).mode & 0o777).toBe(0o700);
});

test("refuses a file, a stranger's folder, a damaged marker and a newer format", () => {
  writeFileSync(root, "");
  expect(prepare).toThrow(/is not a folder|can't be made/);
  rmSync(root);
  mkdirSync(root);
  writeFileSync(join(root, "thesis.tex"), "");
  expect(prepare).toThrow(/not empty and not Automna's \(there is thesis.tex\)/);
  rmSync(join(root, "thesis.tex"));
  prepare();
  writeFileSync(join(root, "automna.json"), "{");
  expect(prepare).toThrow(/is damaged.*--reset/);
  writeFileSync(join(root, "automna.json"), '{"version":99,"agentPortBase":1}');
  expect(prepare).toThrow(/newer Automna/);
});

test("refuses a database without its secrets, and half a database", () => {
  const { dir } = prepare();
  mkdirSync(dir.postgres);
  expect(prepare).toThrow(/database in .* is damaged/);
  writeFileSync(join(dir.postgres, "PG_VERSION"), "18");
  expect(prepare).toThrow(/secrets in .* are gone/);
});

test("a reset deletes our data and leaves what others put beside it", () => {
  const { dir } = prepare();
  writeFileSync(join(dir.secrets, "key"), "");
  writeFileSync(join(root, "notes.txt"), "mine");
  resetDataDir(root);
  expect(existsSync(dir.secrets)).toBe(false);
  expect(existsSync(join(root, "notes.txt"))).toBe(true);
});

test("a reset of a folder that is not ours deletes nothing", () => {
  mkdirSync(join(root, "logs"), { recursive: true });
  resetDataDir(root);
  expect(existsSync(join(root, "logs"))).toBe(true);
});

test.runIf(isRoot)("names the parent folder that the database's user can't enter", () => {
  chmodSync(parent, 0o700);
  expect(prepare).toThrow(new RegExp(`lies in ${parent}.*chmod o\\+x`));
});
