import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { isFromOwnOrigin } from "./origin-check.ts";

const origin = "http://localhost:4600";
const post = (headers: IncomingHttpHeaders) => isFromOwnOrigin({ method: "POST", headers, access: "session", origin });
const get = (headers: IncomingHttpHeaders, access: "session" | "public" = "session") =>
  isFromOwnOrigin({ method: "GET", headers, access, origin });
const cookie = "__session=x";

describe("a request that changes something", () => {
  test("passes when the browser says that it is ours", () => {
    expect(post({ cookie, origin })).toBe(true);
    expect(post({ cookie, "sec-fetch-site": "same-origin" })).toBe(true);
  });

  test("is refused from another site, another port and an opaque origin", () => {
    expect(post({ cookie, origin: "https://evil.example" })).toBe(false);
    expect(post({ cookie, origin: "http://localhost:4601" })).toBe(false);
    expect(post({ cookie, origin: "null" })).toBe(false);
    for (const site of ["cross-site", "same-site", "none"])
      expect(post({ cookie, "sec-fetch-site": site })).toBe(false);
  });

  test("is refused when one of two signs is wrong", () => {
    expect(post({ cookie, origin, "sec-fetch-site": "same-site" })).toBe(false);
    expect(post({ cookie, origin: "http://127.0.0.1:4600", "sec-fetch-site": "same-origin" })).toBe(false);
  });

  test("that says nothing passes only with a bearer token and no cookie at all", () => {
    expect(post({ authorization: "Bearer x" })).toBe(true);
    expect(post({ authorization: "Bearer x", cookie: "theme=dark" })).toBe(false);
    expect(post({ cookie })).toBe(false);
    expect(post({})).toBe(false);
  });

  test("with a bearer token is refused all the same when a browser says that it comes from elsewhere", () => {
    expect(post({ authorization: "Bearer x", origin: "https://evil.example" })).toBe(false);
  });
});

describe("a request that reads", () => {
  test("passes from our pages, the address bar and programs", () => {
    for (const site of ["same-origin", "none"]) expect(get({ cookie, "sec-fetch-site": site })).toBe(true);
    expect(get({ cookie })).toBe(true);
  });

  test("of something private is refused from elsewhere, of something public is not", () => {
    for (const headers of [
      { cookie, "sec-fetch-site": "cross-site" },
      { cookie, "sec-fetch-site": "same-site" },
      { cookie, origin: "https://evil.example" },
    ]) {
      expect(get(headers)).toBe(false);
      expect(get(headers, "public")).toBe(true);
    }
  });
});
