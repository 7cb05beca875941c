import { expect, test } from "vitest";
import { findNeedle, needlesOf } from "./needles.ts";

const secret = "sk-ant-api03-Zm9vYmFyYmF6cXV4Y29ycmVjdGhvcnNlYmF0dGVyeXN0YXBsZTEyMzQ1Njc4-90abcdefAA";
const needles = needlesOf(secret);
const find = (text: string) => findNeedle(Buffer.from(text), needles);

test("finds the secret as it is, and a part of it", () => {
  expect(find(`key=${secret};`)).not.toBeNull();
  expect(find(`…${secret.slice(-30)}`)).not.toBeNull();
});

test("finds its base64 wherever it begins in the encoded text", () => {
  for (const before of ["", "a", "ab", "abc", "user:"]) {
    expect(find(Buffer.from(`${before}${secret} and more`).toString("base64"))).toMatch(/^base64/);
    expect(find(Buffer.from(`${before}${secret}!`).toString("base64url"))).toMatch(/^base64/);
  }
});

test("finds it in bytes that a database prints as hex", () => {
  expect(find(`\\x00ff${Buffer.from(secret).toString("hex")}`)).toMatch(/in hex$/);
  expect(find(Buffer.from(Buffer.from(secret).toString("base64")).toString("hex"))).toMatch(/^base64.*in hex$/);
});

test("the last four characters, which people are shown, are no find", () => {
  expect(find(`ends in ${secret.slice(-4)}`)).toBeNull();
  expect(find("sk-ant-api03-somebody else's key altogether, which is as long as ours is")).toBeNull();
});
