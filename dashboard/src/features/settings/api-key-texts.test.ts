import { expect, test } from "vitest";
import { expirySentence, scopesSentence } from "./api-key-texts.ts";

test("a key says what it is for in words", () => {
  expect(scopesSentence(["agents:write", "chat"])).toBe("Control your agent, Chat");
});

test("a key says whether it will end, and that it has", () => {
  expect(expirySentence({ expiresAtMs: null }, 0)).toBe("Does not expire");
  expect(expirySentence({ expiresAtMs: 10 }, 5)).toMatch(/^Expires on /);
  expect(expirySentence({ expiresAtMs: 10 }, 10)).toMatch(/^Expired on /);
});
