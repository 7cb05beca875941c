import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Tier } from "@automna/core/tiers/catalogue";
import { findAccount, findBooksProblems } from "@automna/records/credits/account";
import { makeOperationBatcher } from "@automna/records/credits/operation-batcher";
import { postOperations } from "@automna/records/credits/post-operations";
import type { ModelAccessRecord } from "@automna/records/model-access";
import { makePool, type Pool } from "@automna/records/pool";
import { insertUsage, listDailyUsage } from "@automna/records/usage/model-usage";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, formatEgressCredential, newRootKey } from "@automna/service-kit/slot-keys";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeEgress, type Egress } from "../src/egress/egress.ts";
import { makeHandListener } from "./ingress-harness.ts";

const PLATFORM_KEY = "sk-ant-api-platforms";
const ring = parseKeyRing(newKeyRingJson());
const records = new Map<string, ModelAccessRecord>();
const seen: { headers: IncomingMessage["headers"]; body: string }[] = [];
const provider = createServer();
let answer: (response: ServerResponse) => void;
let database: TestDatabase;
let owner: Pool;
let pool: Pool;
let egress: Egress;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = makePool(database.url, { max: 2 });
  pool = makePool(database.urlAs("automna_egress"), { max: 4 });
  provider.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const entry = { headers: request.headers, body: "" };
    seen.push(entry);
    request.on("data", (chunk) => (entry.body += String(chunk))).on("end", () => answer(response));
  });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  egress = makeEgress({
    findModelAccess: async (slotId) => records.get(slotId) ?? null,
    listener: makeHandListener(),
    ring,
    providerUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
    platformKey: PLATFORM_KEY,
    meteringRule: "per-message",
    ledger: makeOperationBatcher({ pool, now: Date.now, lanes: 2, gatherMs: 0 }),
    insertUsage: (rows) => insertUsage(pool, rows),
    log: makeSilentLog(),
    now: Date.now,
  });
  url = `http://127.0.0.1:${await egress.listen("127.0.0.1", 0)}`;
});
afterAll(async () => {
  await egress.drain(0);
  expect(await findBooksProblems(owner)).toEqual([]);
  provider.closeAllConnections();
  provider.close();
  await Promise.all([owner.end(), pool.end()]);
  await database.drop();
});

const message = {
  type: "message",
  model: "claude-sonnet-5",
  content: [],
  usage: { input_tokens: 10, output_tokens: 2, cache_read_input_tokens: 5 },
};
beforeEach(() => {
  seen.length = 0;
  answer = (response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(message));
});

async function addAgent({ credits = 10, tier = "business" as Tier } = {}) {
  const [slotId, userId, agentId] = [newId("slt"), newId("user"), newId("agt")];
  const key = deriveSlotKey(newRootKey(), "egress", slotId, 1);
  await owner.query("INSERT INTO users (id, email, issuer, updated_at) VALUES ($1, $1, 'local', now())", [userId]);
  if (credits > 0) {
    const grant = { type: "grant", userId, key: "g", credits, source: "pack", expiresAtMs: null } as const;
    await postOperations(owner, [grant], Date.now());
  }
  records.set(slotId, {
    slotId,
    keyGeneration: 1,
    egressKeyHash: egressKeyHash(key),
    agentId,
    userId,
    userState: "active",
    modelSource: "credits",
    tier,
    keyEnvelope: null,
  });
  const ask = (run: string, body: object | string = {}, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-automna-egress": formatEgressCredential(slotId, 1, key),
        "x-automna-run": run,
        ...headers,
      },
      body:
        typeof body === "string"
          ? body
          : JSON.stringify({ model: "claude-sonnet-5", max_tokens: 100, messages: [], ...body }),
    });
  const settled = async () => {
    await expect.poll(async () => (await findAccount(owner, userId))?.balances.held ?? 0, { timeout: 5_000 }).toBe(0);
    return (await findAccount(owner, userId))?.balances.spent ?? 0;
  };
  return { userId, ask, settled };
}
const typeOf = async (response: Response) =>
  ((await response.json()) as { error: { type: string; message: string } }).error.type;

describe("a message on credits", () => {
  test("goes out with the platform's key, is paid once whatever its calls, and its tokens are kept", async () => {
    const { userId, ask, settled } = await addAgent();
    for (let count = 0; count < 3; count += 1) expect((await ask("r1")).status).toBe(200);
    expect(seen.map(({ headers }) => headers["x-api-key"])).toEqual([PLATFORM_KEY, PLATFORM_KEY, PLATFORM_KEY]);
    expect(seen[0]?.headers["x-automna-run"]).toBeUndefined();
    expect(await settled()).toBe(1);
    await expect
      .poll(() => listDailyUsage(owner, userId, 0))
      .toMatchObject([{ model: "claude-sonnet-5", runs: 1, calls: 3, inputTokens: 30, cacheTokens: 15, credits: 1 }]);
    const { rows } = await owner.query("SELECT facts FROM credit_entries WHERE user_id = $1 AND kind = 'capture'", [
      userId,
    ]);
    expect(rows[0]?.facts).toMatchObject({ run: "r1", inputTokens: 10, outputTokens: 2, microDollars: 41 });
  });

  test("another user's run of the same name is another run", async () => {
    const [ann, bob] = [await addAgent(), await addAgent()];
    await ann.ask("same");
    await bob.ask("same");
    expect([await ann.settled(), await bob.settled()]).toEqual([1, 1]);
  });

  test("that nobody answered costs nothing: errors of the provider, and its refusal of the platform's key", async () => {
    const { ask, settled } = await addAgent();
    for (const [status, expected] of [
      [500, "api_error"],
      [400, "invalid_request_error"],
      [529, "overloaded_error"],
      [401, "overloaded_error"],
      [429, "overloaded_error"],
    ] as const) {
      const body = JSON.stringify({ type: "error", error: { type: expected, message: "x" } });
      answer = (response) => void response.writeHead(status, { "retry-after": "3" }).end(body);
      expect(await typeOf(await ask("failing"))).toBe(expected);
    }
    expect(await settled()).toBe(0);
  });

  test("without credits is refused in words for a person, and nothing goes out", async () => {
    const { ask, settled } = await addAgent({ credits: 0 });
    const response = await ask("r1");
    expect(response.status).toBe(424);
    const text = await response.text();
    expect(JSON.parse(text).error).toMatchObject({
      type: "credits_exhausted",
      message: expect.stringMatching(/^You are out of credits/),
    });
    // What OpenClaw 2026.9 takes for a provider that bills, and then locks out for hours.
    expect(text).not.toMatch(/insufficient credits|credit balance|requires? more credits|available balance|billing/i);
    expect([seen.length, await settled()]).toEqual([0, 0]);
  });

  test("is not for a plan without it", async () => {
    const { ask } = await addAgent({ tier: "starter" });
    expect(await typeOf(await ask("r1"))).toBe("credits_not_included");
    expect(seen).toHaveLength(0);
  });

  test("that says a thing twice goes out as it was judged", async () => {
    const { ask } = await addAgent();
    const twice = '{"model":"claude-mythos-5","model":"claude-sonnet-5","max_tokens":9,"messages":[]}';
    expect((await ask("r1", twice)).status).toBe(200);
    expect(seen[0]?.body).toBe('{"model":"claude-sonnet-5","max_tokens":9,"messages":[]}');
  });

  test("what the rules refuse is told in the provider's shape and held for nobody", async () => {
    const { ask, settled } = await addAgent();
    const refusal = await ask("r1", { service_tier: "auto" });
    expect([refusal.status, await typeOf(refusal)]).toEqual([400, "invalid_request_error"]);
    expect(await typeOf(await ask("r1", {}, { "anthropic-beta": "context-1m-2025-08-07" }))).toBe(
      "invalid_request_error",
    );
    expect([seen.length, await settled()]).toEqual([0, 0]);
  });
});
