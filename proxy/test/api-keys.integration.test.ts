import { once } from "node:events";
import { createPrismaClient } from "@automna/prisma/client";
import { createApiKey, findApiKey, noteApiKeyUse, revokeApiKey } from "@automna/records/api-keys";
import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import type { Database } from "@automna/records/database";
import { makePool, type Pool } from "@automna/records/pool";
import { makeApiKey } from "@automna/service-kit/api-key";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeNotifyListener, type NotifyListener } from "@automna/service-kit/notify";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { formatAccess } from "../src/ingress/access-log.ts";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

let database: TestDatabase;
let api: Database;
let pool: Pool;
let listener: NotifyListener;
let ingress: IngressHarness;
let accessLog = "";

beforeAll(async () => {
  database = await createTestDatabase();
  api = createPrismaClient(database.urlAs("automna_api"), { max: 2 });
  const url = database.urlAs("automna_ingress");
  pool = makePool(url, { max: 2 });
  listener = makeNotifyListener(url, makeSilentLog());
  ingress = await startIngress(undefined, {
    apiKeys: { find: (id) => findApiKey(pool, id), noteUse: (key, nowMs) => noteApiKeyUse(pool, key, nowMs) },
    onPassage: (passage, endedAt) => (accessLog += formatAccess(passage, endedAt, "now")),
  });
  listener.on("session_ended", (payload) => ingress.listener.emit("session_ended", payload));
  await vi.waitUntil(listener.isConnected);
});
afterAll(async () => {
  await ingress[Symbol.asyncDispose]();
  await Promise.all([listener.close(), pool.end(), api.$disconnect()]);
  await database.drop();
});

/** A customer whom the database knows too, and one of their keys. */
async function customerWithKey(scopes: readonly ApiKeyScope[] = ["chat"], tier = "max") {
  const customer = await ingress.addCustomer();
  const { userId } = customer;
  await api.user.create({ data: { id: userId, email: `${userId}@example.com`, issuer: "local" } });
  await api.agent.create({ data: { id: customer.backend.agentId, userId, name: "Ada", modelSource: "demo", tier } });
  const { id, text, hash } = makeApiKey();
  const record = { id, userId, name: "robot", scopes, secretHash: Uint8Array.from(hash), expiresAt: null };
  await createApiKey(api, record, new Date());
  return { customer, keyId: id, key: text };
}

function dial(userId: string, key: string, headers: Record<string, string> = {}): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${userId}/ws`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
}

const codeOf = async (answer: Response) => ((await answer.json()) as { error: { code: string } }).error.code;
const ask = (customer: TestCustomer, key: string, path = "/healthz", headers: Record<string, string> = {}) =>
  fetch(`${ingress.url}/a/${customer.userId}${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });

test("a program with a key of scope chat opens the socket and its messages arrive; the agent never sees the key", async () => {
  const { customer, key, keyId } = await customerWithKey();
  const socket = dial(customer.userId, key);
  await once(socket, "open");
  socket.send("hello");
  expect(String((await once(socket, "message"))[0])).toBe("hello");
  expect(JSON.stringify(customer.backend.seen)).not.toContain(key.slice(0, 20));
  expect((await api.apiKey.findUniqueOrThrow({ where: { id: keyId } })).lastUsedAt).not.toBeNull();
  socket.terminate();
});

test("revoking a key ends its socket within 2 seconds and refuses the next one; twice changes nothing", async () => {
  const { customer, key, keyId } = await customerWithKey();
  const socket = dial(customer.userId, key);
  await once(socket, "open");
  const closed = once(socket, "close");
  const revokedAt = performance.now();
  await revokeApiKey(api, { id: keyId, userId: customer.userId }, new Date());
  await closed;
  expect(performance.now() - revokedAt).toBeLessThan(2_000);
  await revokeApiKey(api, { id: keyId, userId: customer.userId }, new Date());
  expect(await codeOf(await ask(customer, key))).toBe("api_key_ended");
});

test("a key of another customer opens nothing, in the words used for an agent that is not there", async () => {
  const [{ customer }, { key }] = [await customerWithKey(), await customerWithKey()];
  expect(await codeOf(await ask(customer, key))).toBe("agent_not_found");
  expect(customer.backend.seen.filter(({ url }) => !url.includes("nonce"))).toHaveLength(0);
});

test("a key without the scope, beside a cookie, from a page, changed, or on a plan without API access is refused", async () => {
  const { customer, key } = await customerWithKey();
  const { customer: reader, key: readOnly } = await customerWithKey(["agents:read"]);
  const { customer: starter, key: cheap } = await customerWithKey(["chat"], "starter");
  expect((await ask(customer, key)).status).toBe(200);
  expect(await codeOf(await ask(reader, readOnly))).toBe("api_key_scope_missing");
  expect(await codeOf(await ask(customer, key, "/healthz", { cookie: customer.cookie() }))).toBe("api_key_not_alone");
  expect(await codeOf(await ask(customer, `${key.slice(0, -1)}_`))).toBe("api_key_invalid");
  expect(await codeOf(await ask(starter, cheap))).toBe("api_access_not_included");
  const [error] = (await once(dial(customer.userId, key, { origin: "https://evil.example" }), "error")) as [Error];
  expect(error.message).toContain("403");
});

test("a key reaches the chat and nothing else of the agent", async () => {
  const { customer, key } = await customerWithKey();
  for (const path of ["/", "/files/secret.txt", "/ws/more", "/chat"])
    expect(await codeOf(await ask(customer, key, path)), path).toBe("api_key_not_accepted");
});

test("a plan that ends takes its keys along with the next request", async () => {
  const { customer, key } = await customerWithKey();
  const { userId } = customer;
  expect((await ask(customer, key)).status).toBe(200);
  const asleep = { tier: null, dunning: "asleep" as const, since: new Date(), updatedAt: new Date() };
  await api.entitlement.create({ data: { userId, ...asleep } });
  expect(await codeOf(await ask(customer, key))).toBe("api_access_not_included");
  await api.entitlement.update({ where: { userId }, data: { tier: "business", dunning: "clear" } });
  expect((await ask(customer, key)).status).toBe(200);
});

test("a key that is used too often has to wait", async () => {
  const { customer, key } = await customerWithKey();
  const answers = await Promise.all(Array.from({ length: 140 }, () => ask(customer, key)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
});

test("an ingress that was told of no keys takes one for a session, and refuses it", async () => {
  await using without = await startIngress();
  const customer = await without.addCustomer();
  const { key } = await customerWithKey();
  const answer = await fetch(`${without.url}/a/${customer.userId}/healthz`, {
    headers: { authorization: `Bearer ${key}`, origin: ORIGIN },
  });
  expect(await codeOf(answer)).toBe("not_signed_in");
});

test("no line of the access log holds a key, also of one that was sent in the wrong place", async () => {
  const { customer, key } = await customerWithKey();
  accessLog = "";
  await ask(customer, key);
  await ask(customer, key, `/healthz?key=${key}`, { "user-agent": key, "x-request-id": key.slice(0, 60) });
  await expect.poll(() => accessLog.split("\n").length).toBeGreaterThan(2);
  expect(accessLog).not.toContain("atm_");
});
