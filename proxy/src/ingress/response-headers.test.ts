import { expect, test } from "vitest";
import { browserResponseHeaders } from "./response-headers.ts";

const context = { userId: "user_12345678", requestId: "req_1", status: 200 };
const pass = (headers: Record<string, string>, status = 200) => {
  const kept = browserResponseHeaders(headers, { ...context, status });
  return Object.fromEntries(
    Array.from({ length: kept.length / 2 }, (_, index) => [kept[2 * index], kept[2 * index + 1]]),
  );
};

test.each([
  "set-cookie",
  "clear-site-data",
  "service-worker-allowed",
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "refresh",
  "link",
  "www-authenticate",
  "strict-transport-security",
  "alt-svc",
  "report-to",
  "nel",
  "x-automna-user",
  "server",
  "content-location",
  "sourcemap",
  "permissions-policy",
])("%s stays behind", (name) => {
  expect(pass({ [name]: "x" })[name]).toBeUndefined();
});

test.each(["etag", "last-modified", "content-encoding", "content-range", "accept-ranges", "vary", "retry-after"])(
  "%s is passed on",
  (name) => {
    expect(pass({ [name]: "x" })[name]).toBe("x");
  },
);

test.each([
  ["text/html", "attachment"],
  ["text/html; charset=utf-8", "attachment"],
  ["TEXT/HTML", "attachment"],
  ["image/svg+xml", "attachment"],
  ["application/xml", "attachment"],
  ["application/xhtml+xml", "attachment"],
  ["application/pdf", "attachment"],
  ["text/javascript", "attachment"],
  ["multipart/x-mixed-replace; boundary=x", "attachment"],
  ["text/html, application/json", "attachment"],
  ["nonsense", "attachment"],
  ["application/json", undefined],
  ["application/json; charset=utf-8", undefined],
  ["text/event-stream", undefined],
  ["image/png", undefined],
  ["audio/mpeg", undefined],
])("content of type %s has the disposition %s", (type, disposition) => {
  expect(pass({ "content-type": type })["content-disposition"]).toBe(disposition);
});

test("content without a type, or with an unreadable one, is bytes", () => {
  expect(pass({})["content-type"]).toBe("application/octet-stream");
  expect(pass({ "content-type": "text/html, text/plain" })["content-type"]).toBe("application/octet-stream");
});

test("an inline page becomes a download under the same name", () => {
  expect(
    pass({ "content-type": "text/html", "content-disposition": 'inline; filename="a.html"' })["content-disposition"],
  ).toBe('attachment; filename="a.html"');
});

test("nothing is weakened and nothing is sniffed", () => {
  const kept = pass({
    "content-security-policy": "default-src *",
    "x-content-type-options": "no",
    "cross-origin-resource-policy": "cross-origin",
  });
  expect(kept["content-security-policy"]).toBe("sandbox; default-src 'none'; frame-ancestors 'none'");
  expect(kept["x-content-type-options"]).toBe("nosniff");
  expect(kept["cross-origin-resource-policy"]).toBe("same-origin");
});

test.each([
  [undefined, "private, no-store"],
  ["public, max-age=9", "private, no-store"],
  ["max-age=9", "private, no-store"],
  ["private, s-maxage=9", "private, no-store"],
  ["private, max-age=9", "private, max-age=9"],
  ["no-store", "no-store"],
  ["Private, Max-Age=9", "Private, Max-Age=9"],
  // only look private to who searches for the word
  ["x-private, max-age=9", "private, no-store"],
  ["private-ish, max-age=9", "private, no-store"],
  ["private=x-id, max-age=9", "private, no-store"],
  ["no-store-not, max-age=9", "private, no-store"],
  ["no-store=x, max-age=9", "private, no-store"],
  ["private, public", "private, no-store"],
])("Cache-Control %s becomes %s", (sent, expected) => {
  expect(pass(sent === undefined ? {} : { "cache-control": sent })["cache-control"]).toBe(expected);
});

test.each([
  ["/login", "/a/user_12345678/login"],
  ["/a/user_12345678/x?y=1", "/a/user_12345678/x?y=1"],
  ["/a/user_87654321/x", "/a/user_12345678/a/user_87654321/x"],
  ["//evil.example/x", undefined],
  ["https://evil.example/", undefined],
  ["/\\evil.example", undefined],
  ["/../api/me", undefined],
  ["/%2e%2e/api/me", undefined],
  ["/_automna/status", undefined],
  ["javascript:alert(1)", undefined],
  ["relative", undefined],
  ["", undefined],
])("Location %j becomes %j", (sent, expected) => {
  expect(pass({ location: sent }, 302)["location"]).toBe(expected);
});
