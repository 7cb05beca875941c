import { expect, test } from "vitest";
import { makeStartToken, readStartToken, startLink } from "./start-link.ts";

const key = "a key of this installation";
const content = { nonce: "n".repeat(22), expiresAtMs: 2_000 };
const token = makeStartToken(key, content);

test("a token that we made opens until it expires", () => {
  expect(readStartToken(key, token, 1_999)).toEqual(content);
  expect(readStartToken(key, token, 2_000)).toBeNull();
});

test("another installation's token, a longer life and a changed nonce are refused", () => {
  expect(readStartToken("another key", token, 1)).toBeNull();
  expect(readStartToken(key, token.replace(".2000.", ".9000."), 1)).toBeNull();
  expect(readStartToken(key, `m${token.slice(1)}`, 1)).toBeNull();
});

test("anything else is refused without an exception", () => {
  for (const text of ["", "..", "a.b.c", `${token}x`, `${token}.${token}`])
    expect(readStartToken(key, text, 1)).toBeNull();
});

test("the link carries the token to the local issuer", () => {
  expect(startLink("http://localhost:4600", token)).toBe(
    `http://localhost:4600/api/identity/local/start?token=${token}`,
  );
});
