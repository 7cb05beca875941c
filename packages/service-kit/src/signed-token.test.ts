import { describe, expect, test } from "vitest";
import { newKeyRingJson, parseKeyRing } from "./secret-box.ts";
import { makeSignedToken, markOf, readSignedToken } from "./signed-token.ts";

const ring = parseKeyRing(newKeyRingJson());
const token = makeSignedToken(ring, { purpose: "waitlist-confirm", subject: "wai_1", expiresAtMs: 1_000 });

describe("a signed token", () => {
  test("says its subject until it expires", () => {
    expect(readSignedToken(ring, "waitlist-confirm", token, 999)).toBe("wai_1");
    expect(readSignedToken(ring, "waitlist-confirm", token, 1_000)).toBeNull();
  });

  test("is good for one purpose and under one ring", () => {
    expect(readSignedToken(ring, "waitlist-leave", token, 0)).toBeNull();
    expect(readSignedToken(parseKeyRing(newKeyRingJson()), "waitlist-confirm", token, 0)).toBeNull();
  });

  test("no character of it can be changed, and no part left out", () => {
    for (let at = 0; at < token.length; at += 1) {
      const letter = token[at] === "A" ? "Q" : "A";
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      expect(readSignedToken(ring, "waitlist-confirm", changed, 0), changed).toBeNull();
      expect(readSignedToken(ring, "waitlist-confirm", token.slice(0, at), 0)).toBeNull();
    }
  });

  test("still opens after the ring got a new primary key", () => {
    const other = Buffer.alloc(32, 7);
    const rotated = { primary: "k2", keys: new Map([...ring.keys, ["k2", other]]) };
    expect(readSignedToken(rotated, "waitlist-confirm", token, 0)).toBe("wai_1");
  });
});

test("a mark recognises a value, differs by use and does not show it", () => {
  expect(markOf(ring, "network", "192.0.2.0/24")).toBe(markOf(ring, "network", "192.0.2.0/24"));
  expect(markOf(ring, "network", "x")).not.toBe(markOf(ring, "card", "x"));
  expect(markOf(ring, "network", "192.0.2.0/24")).toMatch(/^[\w-]{22}$/);
});
