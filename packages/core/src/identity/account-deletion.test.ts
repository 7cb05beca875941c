import { expect, test } from "vitest";
import { DAY_MS } from "../shared/clock.ts";
import { canUndoDeletion, eraseAtMs } from "./account-deletion.ts";

test("an account can be kept until the last moment of thirty days, by who asked for its end", () => {
  const facts = { askedBy: "customer", eraseAtMs: eraseAtMs(0), isErased: false } as const;
  expect(facts.eraseAtMs).toBe(30 * DAY_MS);
  expect(canUndoDeletion(facts, 30 * DAY_MS - 1)).toBe(true);
  expect(canUndoDeletion(facts, 30 * DAY_MS)).toBe(false);
  expect(canUndoDeletion({ ...facts, isErased: true }, 0)).toBe(false);
  expect(canUndoDeletion({ ...facts, askedBy: "issuer" }, 0)).toBe(false);
});
