import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import type { Backend } from "../ingress/route.ts";
import { appRequestHeaders, appResponseHeaders } from "./app-headers.ts";

const backend: Backend = {
  id: "b",
  host: "127.0.0.1",
  port: 1,
  slotId: "slt_1",
  keyGeneration: 1,
  agentId: "agt_1",
  ingressKey: "apps-key",
  proofKey: "p",
};
const toMap = (flat: readonly string[]) =>
  new Map(flat.flatMap((value, index) => (index % 2 === 0 ? [[value, flat[index + 1] ?? ""] as const] : [])));
const answer = (headers: IncomingHttpHeaders, change: { status?: number; isPublic?: boolean } = {}) =>
  toMap(
    appResponseHeaders(
      { "content-length": "5", "content-type": "text/html; charset=utf-8", ...headers },
      { requestId: "req_1", status: 200, isPublic: true, maxBytes: 1_000, ...change },
    ),
  );

test("of a visitor's request an agent gets the range and the validators, and our key", () => {
  const sent = appRequestHeaders(
    {
      range: "bytes=0-1",
      "if-none-match": '"x"',
      cookie: "__session=secret",
      authorization: "Bearer secret",
      "x-automna-internal": "mine",
      "x-automna-user": "user_x",
      "x-forwarded-for": "1.2.3.4",
      origin: "https://evil.example",
      "user-agent": "Mozilla",
    },
    backend,
    "req_1",
  );
  expect(Object.fromEntries(toMap(sent))).toEqual({
    range: "bytes=0-1",
    "if-none-match": '"x"',
    "x-automna-internal": "apps-key",
    "x-request-id": "req_1",
  });
});

test("a trace goes on with the request, without what a stranger may write beside it; what is none stays behind", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const sent = (headers: IncomingHttpHeaders) => toMap(appRequestHeaders(headers, backend, "req_1"));
  const passed = sent({ traceparent, tracestate: "vendor=1" });
  expect([passed.get("traceparent"), passed.has("tracestate")]).toEqual([traceparent, false]);
  expect(sent({ traceparent: "00-x-y-01" }).has("traceparent")).toBe(false);
});

describe("of an agent's answer a visitor gets", () => {
  test("what describes the file, and rules of ours", () => {
    const headers = answer({ etag: '"x"', "last-modified": "today", "accept-ranges": "bytes" });
    expect(headers.get("etag")).toBe('"x"');
    expect(headers.get("content-security-policy")).toMatch(/^sandbox (?!.*top-navigation).*frame-ancestors 'self'$/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("private, no-cache");
    expect(answer({}, { isPublic: false }).get("cache-control")).toBe("private, no-store");
  });

  test("no cookie, and nothing that acts beyond the file", () => {
    const headers = answer({
      "set-cookie": ["a=b; Domain=apps.example", "__Host-automna_app=x; Path=/; Secure"],
      "clear-site-data": '"*"',
      "service-worker-allowed": "/",
      "access-control-allow-origin": "*",
      refresh: "0;url=//evil.example",
      link: "<//evil.example>; rel=preload",
      "strict-transport-security": "max-age=1; includeSubDomains",
      "x-automna-internal": "leak",
      "content-security-policy": "default-src *",
    });
    for (const name of ["set-cookie", "clear-site-data", "service-worker-allowed", "access-control-allow-origin"])
      expect(headers.has(name), name).toBe(false);
    for (const name of ["refresh", "link", "strict-transport-security", "x-automna-internal", "location"])
      expect(headers.has(name), name).toBe(false);
    expect(headers.get("content-security-policy")).not.toContain("default-src");
  });

  test.each([undefined, "text/html, image/png", "text/html;x=y\u0001", "html"])("no guess of a type (%s)", (type) => {
    expect(answer({ "content-type": type }).get("content-type")).toBe("text/plain");
  });

  test("a folder's address only on the same host", () => {
    expect(answer({ location: "/img/" }, { status: 308 }).get("location")).toBe("/img/");
    for (const location of ["//evil.example/", "https://evil.example/", "/\\evil.example", "/..//x", undefined])
      expect(() => answer({ location }, { status: 308 }), String(location)).toThrow(
        /not well formed|nothing at this|temporarily unavailable/,
      );
  });

  test.each([100, 101, 201, 301, 302, 401, 500])("never the status %d", (status) => {
    expect(() => answer({}, { status })).toThrow(/not well formed|nothing at this|temporarily unavailable/);
  });

  test("nothing larger than allowed, nor of unknown length", () => {
    expect(() => answer({ "content-length": "1001" })).toThrow("too large");
    for (const length of [undefined, "-1", "5, 6", "1e9"])
      expect(() => answer({ "content-length": length })).toThrow(
        /not well formed|nothing at this|temporarily unavailable/,
      );
  });
});
