import { apiKeyListSchema, createdApiKeySchema } from "@automna/contract/api-keys";
import { agentAnswerSchema } from "@automna/contract/agents";
import { DAY_MS } from "@automna/core/shared/clock";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestAnswer, type TestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
let owner: TestBrowser;
let userId: string;
let people = 0;
let offsetMs = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), clockOffsetMs: () => offsetMs });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
beforeEach(async () => {
  offsetMs = 0;
  people += 1;
  owner = makeTestBrowser(api.origin);
  userId = await owner.signIn(api.startLink(), `person${people}@example.com`);
});

async function make(scopes: string[], expiresInDays: number | null = null): Promise<{ id: string; secret: string }> {
  const { status, body } = await owner.call("createApiKey", { body: { name: "robot", scopes, expiresInDays } });
  expect(status, JSON.stringify(body)).toBe(201);
  const { key, secret } = createdApiKeySchema.parse(body);
  return { id: key.id, secret };
}

/** A program: no cookies, no origin. */
function send(secret: string, method: string, path: string, headers: Record<string, string> = {}): Promise<TestAnswer> {
  return fetch(api.origin + path, { method, headers: { authorization: `Bearer ${secret}`, ...headers } }).then(
    async (response) => {
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  );
}

describe("a key", () => {
  test("stops and starts the agent from a program, and the audit names the key", async () => {
    const deployed = await owner.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
    const { agent } = agentAnswerSchema.parse(deployed.body);
    const { id, secret } = await make(["agents:read", "agents:write"]);
    expect((await send(secret, "GET", "/api/agents")).body).toMatchObject({ agents: [{ id: agent.id }] });
    expect((await send(secret, "POST", `/api/agents/${agent.id}/stop`)).body).toMatchObject({
      agent: { desired: "stopped" },
    });
    const [audit] = await api.db.auditEvent.findMany({ where: { action: "agent.stop", subject: agent.id } });
    expect(audit?.data).toEqual({ keyId: id });
  });

  test("is shown whole once; afterwards neither the list nor the database has it", async () => {
    const { id, secret } = await make(["chat"], 30);
    const listed = await owner.call("listApiKeys");
    const list = apiKeyListSchema.parse(listed.body);
    expect(list).toMatchObject({ canUse: true, keys: [{ id, name: "robot", scopes: ["chat"], lastUsedAtMs: null }] });
    const part = secret.slice(-40);
    expect(JSON.stringify(listed.body)).not.toContain(part);
    const row = await api.db.apiKey.findUniqueOrThrow({ where: { id } });
    expect(JSON.stringify(row) + Buffer.from(row.secretHash).toString("latin1")).not.toContain(part);
  });

  test("does only what it was made for, and never what is for browsers alone", async () => {
    const { secret } = await make(["credits:read"]);
    expect((await send(secret, "GET", "/api/credits")).status).toBe(200);
    expect(codeOf(await send(secret, "GET", "/api/agents"))).toBe("api_key_scope_missing");
    for (const [method, path] of [
      ["GET", "/api/me"],
      ["GET", "/api/api-keys"],
      ["POST", "/api/api-keys"],
      ["DELETE", "/api/api-keys/key_00000000000000000000"],
      ["DELETE", "/api/key"],
    ] as const)
      expect(codeOf(await send(secret, method, path)), path).toBe("api_key_not_accepted");
  });

  test("is refused beside a cookie, from another site's page, and with any letter changed", async () => {
    const { secret } = await make(["credits:read"]);
    const cookie = { cookie: owner.cookieHeader() };
    expect(codeOf(await send(secret, "GET", "/api/credits", cookie))).toBe("api_key_not_alone");
    const page = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect(codeOf(await send(secret, "GET", "/api/credits", page))).toBe("wrong_origin");
    const swapped = secret.slice(0, 20) + (secret[20] === "a" ? "b" : "a") + secret.slice(21);
    for (const wrong of [swapped, `${secret}A`, "atm_live_x"])
      expect(codeOf(await send(wrong, "GET", "/api/credits"))).toBe("api_key_invalid");
  });

  test("of another customer is not there: it can't be seen or revoked", async () => {
    const { id, secret } = await make(["credits:read"]);
    const stranger = makeTestBrowser(api.origin);
    await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
    expect(codeOf(await stranger.call("revokeApiKey", { params: { keyId: id } }))).toBe("api_key_not_found");
    expect(apiKeyListSchema.parse((await stranger.call("listApiKeys")).body).keys).toEqual([]);
    expect((await send(secret, "GET", "/api/credits")).status).toBe(200);
  });

  test("opens another customer's agent as little as its owner does", async () => {
    const { agent } = agentAnswerSchema.parse(
      (await owner.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } })).body,
    );
    owner = makeTestBrowser(api.origin);
    await owner.signIn(api.startLink(), `stranger${people}@example.com`);
    const { secret } = await make(["agents:read", "agents:write"]);
    expect(codeOf(await send(secret, "GET", `/api/agents/${agent.id}`))).toBe("agent_not_found");
    expect(codeOf(await send(secret, "POST", `/api/agents/${agent.id}/stop`))).toBe("agent_not_found");
  });

  test("ends at once when it is revoked, and again when it is revoked again", async () => {
    const { id, secret } = await make(["credits:read"]);
    for (let times = 0; times < 2; times += 1) {
      expect((await owner.call("revokeApiKey", { params: { keyId: id } })).status).toBe(204);
      expect(codeOf(await send(secret, "GET", "/api/credits"))).toBe("api_key_ended");
    }
    expect(await api.db.auditEvent.count({ where: { action: "api_key.revoked", subject: id } })).toBe(1);
  });

  test("ends with its time", async () => {
    const { secret } = await make(["credits:read"], 30);
    offsetMs = 30 * DAY_MS - 60_000;
    expect((await send(secret, "GET", "/api/credits")).status).toBe(200);
    offsetMs = 30 * DAY_MS;
    expect(codeOf(await send(secret, "GET", "/api/credits"))).toBe("api_key_ended");
  });

  test("is refused while the plan has no API access, and comes back with it", async () => {
    const { secret } = await make(["credits:read"]);
    const entitlement = { userId, dunning: "clear" as const, since: new Date(), updatedAt: new Date() };
    await api.db.entitlement.create({ data: { ...entitlement, tier: "pro" } });
    expect(codeOf(await send(secret, "GET", "/api/credits"))).toBe("api_access_not_included");
    const answer = await owner.call("createApiKey", { body: { name: "x", scopes: ["chat"], expiresInDays: null } });
    expect(codeOf(answer)).toBe("api_access_not_included");
    expect(apiKeyListSchema.parse((await owner.call("listApiKeys")).body).canUse).toBe(false);
    await api.db.entitlement.update({ where: { userId }, data: { tier: "max" } });
    expect((await send(secret, "GET", "/api/credits")).status).toBe(200);
  });

  test("is as welcome as its owner", async () => {
    const { secret } = await make(["credits:read"]);
    await api.db.user.update({ where: { id: userId }, data: { state: "suspended" } });
    expect(codeOf(await send(secret, "GET", "/api/credits"))).toBe("forbidden");
  });

  test("waits when it is used too often; another one does not", async () => {
    const [busy, other] = [await make(["credits:read"]), await make(["credits:read"])];
    const answers = await Promise.all(Array.from({ length: 125 }, () => send(busy.secret, "GET", "/api/credits")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await send(other.secret, "GET", "/api/credits")).status).toBe(200);
  });
});

test("of two keys made at once at the limit one is refused", async () => {
  const secretHash = new Uint8Array(32);
  const data = Array.from({ length: 19 }, (_, index) => ({
    id: `key_${String(people).padStart(10, "0")}${String(index).padStart(10, "0")}`,
    userId,
    name: "old",
    scopes: ["chat"],
    secretHash,
  }));
  await api.db.apiKey.createMany({ data });
  const body = { name: "new", scopes: ["chat"], expiresInDays: null };
  const answers = await Promise.all([owner.call("createApiKey", { body }), owner.call("createApiKey", { body })]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
});
