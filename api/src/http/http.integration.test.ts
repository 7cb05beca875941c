import { apiRoutes } from "@automna/contract/api-routes";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRoutes } from "../app.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
let browser: TestBrowser;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
  browser = makeTestBrowser(api.origin);
  await browser.signIn(api.startLink(), "http@example.com");
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

test("what is mounted is the contract, no more and no less", () => {
  const toLine = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
  expect(listRoutes(api.app).map(toLine).toSorted()).toEqual(Object.values(apiRoutes).map(toLine).toSorted());
});

test("every answer forbids keeping, framing, sniffing and running, and names its request", async () => {
  for (const answer of [
    await browser.call("me"),
    await browser.send("GET", "/api/nothing"),
    await browser.call("openapi"),
  ]) {
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("x-powered-by")).toBeNull();
    expect(answer.headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
  }
  const named = await browser.send("GET", "/api/nothing", { headers: { "x-request-id": "edge-0123456789" } });
  expect(named.body).toMatchObject({ error: { code: "not_found", requestId: "edge-0123456789" } });
});

test("unknown addresses, methods and ids are told apart", async () => {
  expect(codeOf(await browser.send("GET", "/api/agents/"))).toBe("not_found");
  expect(codeOf(await browser.send("GET", "/API/agents"))).toBe("not_found");
  const patched = await browser.send("PATCH", "/api/agents");
  expect([patched.status, patched.headers.get("allow")]).toEqual([405, "GET, POST, HEAD"]);
  expect((await browser.send("OPTIONS", "/api/agents")).status).toBe(405);
  expect((await browser.send("GET", "/api/agents/agt_short")).status).toBe(404);
  expect(codeOf(await browser.send("GET", "/api/agents/%FF"))).toBe("bad_path");
});

test("only JSON is read, 64 kB of it at most", async () => {
  const wish = { name: "Ada", modelSource: "demo" };
  const send = (body: string, headers: Record<string, string>) =>
    browser.send("POST", "/api/agents", { body, headers });
  expect(codeOf(await send(JSON.stringify(wish), { "content-type": "text/plain" }))).toBe("unsupported_media_type");
  expect(codeOf(await send("name=Ada", { "content-type": "application/x-www-form-urlencoded" }))).toBe(
    "unsupported_media_type",
  );
  expect(
    codeOf(await send(JSON.stringify(wish), { "content-type": "application/json", "content-encoding": "gzip" })),
  ).toBe("unsupported_media_type");
  expect(codeOf(await send("{", { "content-type": "application/json" }))).toBe("invalid_request");
  expect(codeOf(await send("", { "content-type": "application/json" }))).toBe("invalid_request");
  expect(codeOf(await send(JSON.stringify({ ...wish, personality: "x".repeat(70_000) }), {}))).toBe("body_too_large");
  expect(codeOf(await send(JSON.stringify({ ...wish, isAdmin: true }), {}))).toBe("invalid_request");
});

test("what is read of a request is checked after who sent it", async () => {
  const stranger = makeTestBrowser(api.origin);
  expect(codeOf(await stranger.send("POST", "/api/agents", { body: "{" }))).toBe("not_signed_in");
});

test("liveness is answered on the service's own port, beside the contract", async () => {
  const answer = await fetch(`${api.origin}/healthz`);
  expect([answer.status, await answer.json()]).toEqual([200, { ok: true, status: "live" }]);
});
