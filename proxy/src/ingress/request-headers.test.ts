import { expect, test } from "vitest";
import { backendRequestHeaders } from "./request-headers.ts";

const own = {
  ingressKey: "the key",
  userId: "user_1",
  clientAddress: "203.0.113.9",
  proto: "https",
  host: "app.example",
  requestId: "req_1",
  trace: null,
};

const pass = (...lines: string[]) => {
  const rawHeaders = lines.flatMap((line) => [
    line.slice(0, line.indexOf(":")),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  const connection = rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === "connection") + 1];
  const headers = lines.some((line) => /^connection:/i.test(line)) && connection !== undefined ? { connection } : {};
  const kept = backendRequestHeaders({ rawHeaders, headers }, own);
  const values: Record<string, string[]> = {};
  for (let index = 0; index < kept.length; index += 2) (values[kept[index] ?? ""] ??= []).push(kept[index + 1] ?? "");
  return values;
};

test.each([
  "Cookie: __session=x",
  "Authorization: Bearer x",
  "Proxy-Authorization: Basic x",
  "Proxy-Connection: close",
  "Connection: close",
  "Keep-Alive: 5",
  "TE: trailers",
  "Trailer: x",
  "Transfer-Encoding: chunked",
  "Upgrade: h2c",
  "Expect: 100-continue",
  "HTTP2-Settings: x",
  "Host: evil",
  "Forwarded: for=1.2.3.4",
  "X-Forwarded-Port: 1",
  "X-Forwarded-Prefix: /x",
  "X-Real-IP: 1.2.3.4",
  "Via: 1.1 x",
  "X-Forwarded: for=1.2.3.4",
  "Forwarded-For: 1.2.3.4",
  "X-Original-Forwarded-For: 1.2.3.4",
  "Client-IP: 1.2.3.4",
  "X-Originating-IP: 1.2.3.4",
  "X-Remote-Addr: 1.2.3.4",
  "X-ProxyUser-Ip: 1.2.3.4",
  "WL-Proxy-Client-IP: 1.2.3.4",
  "Fastly-Client-IP: 1.2.3.4",
  "Fly-Client-IP: 1.2.3.4",
  "X-Envoy-External-Address: 1.2.3.4",
  "X-Host: evil",
  "Proxy: http://evil",
  "Remote-User: root",
  "X-Remote-User: root",
  "X-Authenticated-User: root",
  "X-WebAuth-User: root",
  "X-Auth-Request-User: root",
  "Early-Data: 1",
  "X-Original-URI: /x",
  "X-Accel-Redirect: /x",
  "X-Middleware-Subrequest: x",
  "X-HTTP-DestinationURL: /x",
  "True-Client-IP: 1",
  "CF-Connecting-IP: 1",
  "cf-ray: 1",
  "CDN-Loop: x",
  "X-Automna-Egress: x",
  "X-Automna-Run: x",
  "x-AUTOMNA-anything: x",
  "X-OpenClaw-Scopes: operator.admin",
  "X_Automna_Internal: x",
  "X_Forwarded_For: x",
  "X-HTTP-Method-Override: DELETE",
  "X-Original-URL: /_automna/claim",
  "X-Rewrite-URL: /x",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Version: 13",
])("%s stays behind", (line) => {
  const name = line.slice(0, line.indexOf(":")).toLowerCase();
  expect(pass(line)[name]).toBeUndefined();
});

test.each([
  ["X-Automna-Internal: forged", "x-automna-internal", "the key"],
  ["X-Automna-User: user_2", "x-automna-user", "user_1"],
  ["X-Forwarded-For: 9.9.9.9", "x-forwarded-for", "203.0.113.9"],
  ["X-Forwarded-Proto: gopher", "x-forwarded-proto", "https"],
  ["X-Forwarded-Host: evil", "x-forwarded-host", "app.example"],
  ["X-Request-Id: forged", "x-request-id", "req_1"],
])("%s is replaced by our own", (line, name, value) => {
  expect(pass(line)[name]).toEqual([value]);
});

test.each([
  "Content-Type: text/plain",
  "Accept: */*",
  "Content-Length: 5",
  "Range: bytes=0-1",
  "If-None-Match: x",
  "User-Agent: x",
  "Accept-Language: de",
  "Sec-WebSocket-Protocol: x",
  "Baggage: a=1",
])("%s is passed on", (line) => {
  const name = line.slice(0, line.indexOf(":")).toLowerCase();
  expect(pass(line)[name]).toHaveLength(1);
});

test("what Connection names is dropped, except the message's own length and type", () => {
  const kept = pass(
    "Connection: X-Secret, content-length,keep-alive",
    "X-Secret: 1",
    "Content-Length: 5",
    "X-Other: 2",
  );
  expect(kept["x-secret"]).toBeUndefined();
  expect(kept["content-length"]).toEqual(["5"]);
  expect(kept["x-other"]).toEqual(["2"]);
});

test("naming our headers in Connection does not remove them", () => {
  expect(pass("Connection: x-automna-user, x-automna-internal")["x-automna-user"]).toEqual(["user_1"]);
});

test("the caller's trace goes on as it was read, and not otherwise", () => {
  const trace = { traceId: "1", headers: ["traceparent", "00-1-2-01"] };
  const rawHeaders = ["Traceparent", "forged", "Tracestate", "forged"];
  expect(backendRequestHeaders({ rawHeaders, headers: {} }, own).join()).not.toMatch(/trace|forged/);
  expect(backendRequestHeaders({ rawHeaders, headers: {} }, { ...own, trace }).join()).toMatch(
    /,traceparent,00-1-2-01$/,
  );
});
