import { HOUR_MS } from "@automna/core/shared/clock";
import { expect, test } from "vitest";
import { makePasses, PASS_COOKIE, type PassFor } from "./app-pass.ts";

let nowMs = 1_800_000_000_000;
const passes = makePasses({ key: "k".repeat(43), now: () => nowMs });
const shop: PassFor = { label: "shop--ada", agentId: "agt_1", name: "shop", by: "hash-1" };
const toCookie = (setCookie: string) => setCookie.split(";", 1)[0] ?? "";

test("a pass opens what it was given for", () => {
  expect(passes.hasPassword(`a=b; ${toCookie(passes.givePassword(shop))}`, shop)).toBe(true);
  expect(passes.ownerSession(toCookie(passes.giveOwner("sess_0123456789", shop)), shop)).toBe("sess_0123456789");
});

test("a pass is bound to its host, hidden from scripts, and never sent by other sites", () => {
  const setCookie = passes.givePassword(shop);
  expect(setCookie).toMatch(/^__Host-automna_app=.*; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200$/);
  expect(setCookie).not.toMatch(/domain/i);
});

test.each<[string, Partial<PassFor>]>([
  ["another app", { name: "other" }],
  ["another host", { label: "shop--bert" }],
  ["another agent", { agentId: "agt_2" }],
  ["a password that was changed", { by: "hash-2" }],
])("a pass does not open %s", (_what, change) => {
  const other = { ...shop, ...change };
  expect(passes.hasPassword(toCookie(passes.givePassword(shop)), other)).toBe(false);
  expect(passes.ownerSession(toCookie(passes.giveOwner("sess_0123456789", shop)), other)).toBeNull();
});

test("a visitor with the password is not the owner, nor the other way round", () => {
  expect(passes.ownerSession(toCookie(passes.givePassword(shop)), shop)).toBeNull();
  expect(passes.hasPassword(toCookie(passes.giveOwner("sess_0123456789", shop)), shop)).toBe(false);
});

test("a pass that is changed anywhere, doubled or sealed with another key opens nothing", () => {
  const cookie = toCookie(passes.giveOwner("sess_0123456789", shop));
  for (let at = PASS_COOKIE.length + 1; at < cookie.length; at += 1) {
    const letter = cookie[at] === "A" ? "B" : "A";
    expect(passes.ownerSession(cookie.slice(0, at) + letter + cookie.slice(at + 1), shop)).toBeNull();
  }
  expect(passes.ownerSession(`${cookie}; ${PASS_COOKIE}=x`, shop)).toBeNull();
  const others = makePasses({ key: "o".repeat(43), now: () => nowMs });
  expect(others.ownerSession(cookie, shop)).toBeNull();
  expect(passes.ownerSession(undefined, shop)).toBeNull();
});

test("a pass ends after twelve hours", () => {
  const cookie = toCookie(passes.givePassword(shop));
  nowMs += 12 * HOUR_MS - 2_000;
  expect(passes.hasPassword(cookie, shop)).toBe(true);
  nowMs += 3_000;
  expect(passes.hasPassword(cookie, shop)).toBe(false);
});
