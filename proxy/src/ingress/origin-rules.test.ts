import { expect, test } from "vitest";
import { assertOwnOrigin, assertOwnSocketOrigin } from "./origin-rules.ts";

const origin = "https://app.example";
const isOwn = (method: string, headers: Record<string, string>) => {
  try {
    assertOwnOrigin({ method, headers }, origin);
    return true;
  } catch {
    return false;
  }
};

test.each<[string, Record<string, string>, boolean]>([
  ["GET", {}, true],
  ["GET", { "sec-fetch-site": "same-origin" }, true],
  ["GET", { "sec-fetch-site": "none" }, true],
  ["GET", { "sec-fetch-site": "cross-site" }, false],
  ["GET", { "sec-fetch-site": "same-site" }, false],
  ["GET", { origin: "https://evil.example" }, false],
  ["HEAD", { origin: "null" }, false],
  ["OPTIONS", { origin: "https://evil.example" }, false],
  ["POST", {}, false],
  ["POST", { origin }, true],
  ["POST", { "sec-fetch-site": "same-origin" }, true],
  ["POST", { "sec-fetch-site": "none" }, false],
  ["POST", { origin, "sec-fetch-site": "cross-site" }, false],
  ["POST", { origin: `${origin}.evil.example` }, false],
  ["POST", { origin: "http://app.example" }, false],
  ["POST", { origin: "null" }, false],
  ["PUT", {}, false],
  ["PATCH", {}, false],
  ["DELETE", {}, false],
  ["DELETE", { authorization: "Bearer x" }, true],
  ["DELETE", { authorization: "Bearer x", origin: "https://evil.example" }, false],
])("%s with %j: own origin %s", (method, headers, expected) => {
  expect(isOwn(method, headers)).toBe(expected);
});

test.each([
  [origin, true],
  ["https://evil.example", false],
  ["null", false],
  [`${origin}/`, false],
  [`${origin}:443`, false],
  ["HTTPS://APP.EXAMPLE", false],
  [undefined, false],
])("a socket from %j: %s", (sent, expected) => {
  const open = () => assertOwnSocketOrigin(sent === undefined ? {} : { origin: sent }, origin);
  if (expected) expect(open).not.toThrow();
  else expect(open).toThrow("another site");
});
