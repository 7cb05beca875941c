import { expect, test } from "vitest";
import { isSameHash, makeApiKey, readApiKey, readBearerKey } from "./api-key.ts";

test("a key reads back as what it was made with, and no two are alike", () => {
  const [one, other] = [makeApiKey(), makeApiKey()];
  expect(readApiKey(one.text)).toEqual({ id: one.id, hash: one.hash });
  expect(one.text).toMatch(/^atm_live_[0-9a-z]{20}_[0-9A-Za-z]{49}$/);
  expect(isSameHash(one.hash, other.hash)).toBe(false);
});

test("the hash is of the secret alone: nothing of the key can be read from what is kept", () => {
  const { text, hash } = makeApiKey();
  expect(hash).toHaveLength(32);
  expect(text).not.toContain(hash.toString("hex"));
});

test("no letter can be changed, left out or added without being noticed", () => {
  const { text } = makeApiKey();
  for (let at = "atm_live_".length; at < text.length; at += 1) {
    const changed = text.slice(0, at) + (text[at] === "x" ? "y" : "x") + text.slice(at + 1);
    expect(readApiKey(changed), `letter ${at}`).toBeNull();
    expect(readApiKey(text.slice(0, at) + text.slice(at + 1)), `without letter ${at}`).toBeNull();
  }
  expect(readApiKey(`${text}A`)).toBeNull();
  expect(readApiKey(` ${text}`)).toBeNull();
});

test("a bearer token is taken for a key by how it begins, not by being right", () => {
  expect(readBearerKey("Bearer atm_live_x")).toBe("atm_live_x");
  expect(readBearerKey("bearer ATM_LIVE_x")).toBe("ATM_LIVE_x");
  expect(readBearerKey("Bearer eyJhbGciOi.e30.x")).toBeNull();
  expect(readBearerKey("Basic atm_live_x")).toBeNull();
  expect(readBearerKey(undefined)).toBeNull();
});
