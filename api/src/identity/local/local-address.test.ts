import { expect, test } from "vitest";
import { isLocalRequest } from "./local-address.ts";

const origin = "http://localhost:4600";
const local = (headers: Record<string, string[]>) => isLocalRequest({ headersDistinct: headers }, origin);

test("only the origin's own host and port are local", () => {
  expect(local({ host: ["localhost:4600"] })).toBe(true);
  expect(local({ host: ["LOCALHOST:4600"] })).toBe(true);
  for (const host of [
    "localhost",
    "localhost:4601",
    "127.0.0.1:4600",
    "evil.example:4600",
    "localhost:4600.evil.example",
    "",
  ]) {
    expect(local({ host: [host] })).toBe(false);
  }
});

test("no Host, or two of them, is not local", () => {
  expect(local({})).toBe(false);
  expect(local({ host: ["localhost:4600", "localhost:4600"] })).toBe(false);
});

test("anything that a proxy or a tunnel adds makes a request foreign", () => {
  for (const name of [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
  ]) {
    expect(local({ host: ["localhost:4600"], [name]: ["1.2.3.4"] }), name).toBe(false);
  }
});
