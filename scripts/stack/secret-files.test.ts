import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CELL_FOLDER, ensureSecretFiles, readSecretFile } from "./secret-files.ts";
import { stackSecretNames, stackSecrets } from "./stack-secrets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stack-secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const given = stackSecretNames.filter((name) => stackSecrets[name] === "given");
const bring = () => given.forEach((name) => writeFileSync(join(folder, name), `${name} of the operator`));
const contents = () => stackSecretNames.map((name) => [name, readSecretFile(folder, name)]);

test("names what the operator has to bring, and makes nothing before", async () => {
  await expect(ensureSecretFiles(folder)).rejects.toThrow("clerk-jwt-key");
  expect(readdirSync(folder)).toEqual([]);
});

test("makes the rest once: a second time changes nothing, not even after a crash in between", async () => {
  bring();
  await ensureSecretFiles(folder);
  const before = contents();
  rmSync(join(folder, "redis-acl"));
  await ensureSecretFiles(folder);
  expect(contents()).toEqual(before);
  for (const [name, content = ""] of before) expect(content.length, name).toBeGreaterThan(0);
  for (const name of ["stripe-key", "smtp-url"] as const) expect(readSecretFile(folder, name)).toBe("\n");
});

test("nobody else can read them", async () => {
  bring();
  await ensureSecretFiles(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "slot-key-ring")).mode & 0o777).toBe(0o600);
});

test("a node's certificate is made beside those that the provisioner gets", async () => {
  bring();
  await ensureSecretFiles(folder, ["node1"]);
  expect(readSecretFile(folder, "cell-ca")).toBe(readFileSync(join(folder, CELL_FOLDER, "ca.pem"), "utf8"));
  expect(readdirSync(join(folder, CELL_FOLDER))).toContain("node-node1.pem");
});
