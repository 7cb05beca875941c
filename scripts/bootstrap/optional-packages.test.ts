import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findMissingOptional, platformOf } from "./optional-packages.mjs";
import { inCheckout } from "./paths.mjs";

test.each([
  ["@x/binding-linux-arm64-musl", { os: ["linux"], cpu: ["arm64"], libc: ["musl"] }],
  ["@x/binding-linux-arm-gnueabihf", { os: ["linux"], cpu: ["arm"], libc: ["glibc"] }],
  ["@x/windows-64", { os: ["win32"], cpu: ["x64"] }],
  ["@x/oxide-wasm32-wasi", { cpu: ["wasm32"] }],
])("%s is for %j", (name, platform) => {
  expect(platformOf(name)).toEqual(platform);
});

test("finds what the lock names and does not hold, wherever it may lie", () => {
  const optionalDependencies = { "@x/darwin-arm64": "1.2.3", "@x/linux-64": "1.2.3" };
  const packages = {
    "": {},
    "node_modules/x": { version: "1.2.3", dev: true, optionalDependencies },
    "node_modules/x/node_modules/@x/linux-64": { version: "1.2.3" },
  };
  expect(findMissingOptional(packages)).toEqual({
    "node_modules/@x/darwin-arm64": { version: "1.2.3", dev: true, optional: true, os: ["darwin"], cpu: ["arm64"] },
  });
});

test("package-lock.json is complete for every platform, or `npm ci` refuses it: run `npm run lock`", () => {
  const { packages } = JSON.parse(readFileSync(inCheckout("package-lock.json"), "utf8"));
  expect(Object.keys(findMissingOptional(packages))).toEqual([]);
});
