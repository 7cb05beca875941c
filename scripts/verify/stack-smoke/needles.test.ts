import { expect, test } from "vitest";
import { findNeedles, toNeedle } from "./needles.ts";

const seen = (text: string) => new Map([["service", JSON.stringify({ Env: [text] })]]);
const isFound = (value: string, text: string) => findNeedles(seen(text), [toNeedle("it", value)]).length === 1;

test.each([
  ["whole", "a-long-enough-secret\n", "PASSWORD=a-long-enough-secret"],
  ["in quotes", 'quoted "and" long enough', 'X=quoted "and" long enough'],
  ["as base64", "a-long-enough-secret", Buffer.from("a-long-enough-secret").toString("base64")],
  ["as hex", "a-long-enough-secret", Buffer.from("a-long-enough-secret").toString("hex")],
  ["a connection's password", "postgres://role:longpassword1@db:5432/x", "--password longpassword1"],
  ["one key of a ring", '{"current":"k1","keys":{"k1":"0123456789abcdef"}}', "KEY=0123456789abcdef"],
  ["one line of a PEM", "-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----", "x abcdefghijklmnop"],
])("a secret is found: %s", (_how, value, text) => {
  expect(isFound(value, text)).toBe(true);
});

test("what is not there is not found, nor what is too short to mean anything", () => {
  expect(isFound("a-long-enough-secret", "another")).toBe(false);
  expect(isFound("short", "short")).toBe(false);
});
