import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSettings, settingsOf } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "automna-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (text: string) => {
  const path = join(folder, "settings");
  writeFileSync(path, text);
  return path;
};

test("each service reads its own variables and no other's", () => {
  const settings = readSettings(file("# Stripe\nAPI_STRIPE_KEY=sk_test_1\nEGRESS_HOST=127.0.0.1\n"));
  expect(settingsOf("api", settings)).toEqual({ API_STRIPE_KEY: "sk_test_1" });
  expect(settingsOf("ingress", settings)).toEqual({});
});

test("a name that nobody reads is said", () => {
  expect(() => readSettings(file("STRIPE_KEY=sk_test_1\n"))).toThrow(/STRIPE_KEY .* is no service's/);
});
