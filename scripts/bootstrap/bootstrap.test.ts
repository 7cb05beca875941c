import { expect, test } from "vitest";
import { COMMANDS, readUsage } from "./commands.mjs";
import { isSameTree } from "./packages.mjs";
import { explainUnsupported } from "./platform.mjs";
import { isGoodNode } from "./runtime.mjs";

const debian = { platform: "linux", arch: "x64", nodeVersion: "20.20.2", hasGlibc: true };

test("every command explains itself", () => {
  for (const name of Object.keys(COMMANDS)) expect(readUsage(name)).toMatch(/^npm (run \w+|test)/);
});

test("names the machines it can't run on and what to do there", () => {
  expect(explainUnsupported(debian as never)).toBeNull();
  expect(explainUnsupported({ ...debian, nodeVersion: "16.1.0" } as never)).toMatch(/Install Node 18/);
  expect(explainUnsupported({ ...debian, platform: "win32" } as never)).toMatch(/WSL 2/);
  expect(explainUnsupported({ ...debian, arch: "riscv64" } as never)).toMatch(/linux-riscv64/);
  expect(explainUnsupported({ ...debian, hasGlibc: false } as never)).toMatch(/musl/);
});

test.each([
  ["24.16.0", true],
  ["24.21.0", true],
  ["24.15.9", false],
  ["25.2.0", false],
  ["26.0.0", false],
  ["26.1.0", true],
  ["27.0.0", true],
  ["20.20.2", false],
])("Node %s is good enough: %s", (version, isGood) => {
  expect(isGoodNode(version)).toBe(isGood);
});

const machine = { platform: "linux", arch: "x64" };
const lock = {
  "": {},
  core: {},
  "node_modules/a": { version: "1.0.0", integrity: "x" },
  "node_modules/only-mac": { version: "1.0.0", optional: true, os: ["darwin"] },
  "node_modules/only-musl": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "node_modules/not-windows": { version: "1.0.0", optional: true, os: ["!win32"] },
};
const installed = {
  "node_modules/a": { version: "1.0.0", integrity: "x" },
  "node_modules/not-windows": { version: "1.0.0" },
};

test("an install that fits this machine is taken as it is", () => {
  expect(isSameTree(lock, installed, machine)).toBe(true);
});

test("another version, a missing package for this machine and a package too many are not", () => {
  expect(isSameTree(lock, { ...installed, "node_modules/a": { version: "2.0.0", integrity: "x" } }, machine)).toBe(
    false,
  );
  expect(isSameTree(lock, { "node_modules/a": { version: "1.0.0", integrity: "x" } }, machine)).toBe(false);
  expect(isSameTree(lock, { ...installed, "node_modules/stray": { version: "1.0.0" } }, machine)).toBe(false);
});
