import { expect, test } from "vitest";
import { readCookie } from "./cookies.ts";

test.each([
  [undefined, null],
  ["", null],
  ["__session=a", "a"],
  ["x=1; __session=a.b.c; y=2", "a.b.c"],
  ["x__session=evil; __session=good", "good"],
  ["__session=a=b", "a=b"],
  ["__session=", ""],
  // Only spaces and tabs are white space to a browser: these names are others'.
  ["\u00a0__session=evil", null],
  ["__session\u00a0=evil", null],
  ["__session=a; \u00a0__session=evil", "a"],
  // Two of them: a cookie was tossed in from elsewhere, and neither is trusted.
  ["__session=a; __session=b", null],
])("%j → %j", (header, value) => {
  expect(readCookie(header, "__session")).toBe(value);
});
