import { makeStartToken, readStartToken } from "@automna/service-kit/start-link";
import { expect, test } from "vitest";
import { isAdmission, makeAdmission } from "./admission.ts";

const startKey = "a start key";

test("an admission holds until it expires, under its own key only", () => {
  const admission = makeAdmission(startKey, 2_000);
  expect(isAdmission(startKey, admission, 1_999)).toBe(true);
  expect(isAdmission(startKey, admission, 2_000)).toBe(false);
  expect(isAdmission("another key", admission, 1)).toBe(false);
});

test("a start link's token is no admission, and an admission is no start link", () => {
  const token = makeStartToken(startKey, { nonce: "n".repeat(22), expiresAtMs: 2_000 });
  expect(isAdmission(startKey, token, 1)).toBe(false);
  expect(readStartToken(startKey, makeAdmission(startKey, 2_000), 1)).toBeNull();
});
