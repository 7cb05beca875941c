import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelAccessRecord } from "@automna/records/model-access";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing, seal } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, formatEgressCredential, newRootKey } from "@automna/service-kit/slot-keys";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeEgress, type Egress } from "../src/egress/egress.ts";
import { makeHandListener } from "./ingress-harness.ts";

const ring = parseKeyRing(newKeyRingJson());
const listener = makeHandListener();
const records = new Map<string, ModelAccessRecord>();
const clock = { offsetMs: 0 };
const seen: { url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const provider = createServer();
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
let egress: Egress;
let url = "";
let isDown = false;
let providerSockets = 0;

beforeAll(async () => {
  provider.on("connection", (socket) => {
    providerSockets += 1;
    socket.on("close", () => (providerSockets -= 1));
  });
  provider.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const entry = { url: request.url ?? "", headers: request.headers, body: "" };
    seen.push(entry);
    request.on("data", (chunk) => (entry.body += String(chunk))).on("end", () => answer(request, response));
  });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  egress = makeEgress({
    findModelAccess: async (slotId) => {
      if (isDown) throw new Error("connection refused");
      return records.get(slotId) ?? null;
    },
    listener,
    ring,
    providerUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
    platformKey: null,
    meteringRule: "per-message",
    ledger: { post: () => Promise.reject(new Error("nothing here is paid in credits")), close: async () => undefined },
    insertUsage: async () => undefined,
    log: makeSilentLog(),
    now: () => Date.now() + clock.offsetMs,
  });
  url = `http://127.0.0.1:${await egress.listen("127.0.0.1", 0)}`;
});
afterAll(async () => {
  await egress.drain(0);
  provider.closeAllConnections();
  provider.close();
});
beforeEach(() => {
  seen.length = 0;
  answer = (_request, response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "request-id": "req_p",
      "anthropic-ratelimit-tokens-remaining": "9",
      "set-cookie": "a=1",
      server: "x",
    });
    response.end('{"ok":true}');
  };
});

const addSlot = (change: Partial<ModelAccessRecord> = {}, key: string | null = "sk-ant-api-customers") => {
  const slotId = newId("slt");
  const userId = newId("user");
  const rootKey = newRootKey();
  const egressKey = (generation: number) => deriveSlotKey(rootKey, "egress", slotId, generation);
  const keyEnvelope = key === null ? null : seal(ring, Buffer.from(key), { owner: userId, kind: "model_key" });
  const record: ModelAccessRecord = {
    slotId,
    keyGeneration: 1,
    egressKeyHash: egressKeyHash(egressKey(1)),
    agentId: newId("agt"),
    userId,
    userState: "active",
    modelSource: "byok",
    tier: "local",
    keyEnvelope,
    ...change,
  };
  records.set(slotId, record);
  return {
    record,
    credential: (generation = 1) => formatEgressCredential(slotId, generation, egressKey(generation)),
    hash: (generation: number) => egressKeyHash(egressKey(generation)),
  };
};

const call = (
  credential: string | null,
  { path = "/v1/messages", method = "POST", body = "{}", headers = {}, signal = null as AbortSignal | null } = {},
) =>
  fetch(`${url}${path}`, {
    method,
    ...(method === "GET" ? {} : { body }),
    headers: {
      "content-type": "application/json",
      ...(credential === null ? {} : { "x-automna-egress": credential }),
      ...headers,
    },
    signal,
  });

/** Status and type of an error in the provider's shape. */
const errorOf = async (response: Response) => {
  const body = (await response.json()) as { type: string; error: { type: string; message: string } };
  expect(body.type).toBe("error");
  return [response.status, body.error.type];
};

test("a call goes out with the customer's key and nothing else of the caller's", async () => {
  const slot = addSlot();
  const response = await call(slot.credential(), {
    path: "/v1/messages?beta=true",
    body: '{"model":"m"}',
    headers: {
      "x-api-key": "the agent's",
      authorization: "Bearer x",
      cookie: "a=1",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "b1",
      "x-automna-run": "r",
      "x-other": "1",
    },
  });
  expect(response.status).toBe(200);
  const [request] = seen;
  expect(request).toMatchObject({ url: "/v1/messages?beta=true", body: '{"model":"m"}' });
  expect(request?.headers).toMatchObject({
    "x-api-key": "sk-ant-api-customers",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "b1",
    "content-type": "application/json",
  });
  for (const name of ["authorization", "cookie", "x-automna-egress", "x-automna-run", "x-other"])
    expect([name, request?.headers[name]]).toEqual([name, undefined]);
  expect(response.headers.get("request-id")).toBe("req_p");
  expect(response.headers.get("anthropic-ratelimit-tokens-remaining")).toBe("9");
  expect([response.headers.get("set-cookie"), response.headers.get("server")]).toEqual([null, null]);
});

test.each([
  ["no credential", () => null],
  ["a malformed one", () => "x"],
  ["an unknown slot's", () => addSlotAndForget()],
  ["another slot's key", () => mixed()],
  ["a later generation", () => addSlot().credential(2)],
])("%s is refused in the provider's shape, and nothing goes out", async (_what, make) => {
  expect(await errorOf(await call(make()))).toEqual([401, "authentication_error"]);
  expect(seen).toHaveLength(0);
});

function addSlotAndForget(): string {
  const slot = addSlot();
  records.delete(slot.record.slotId);
  return slot.credential();
}

function mixed(): string {
  const [mine, other] = [addSlot(), addSlot()];
  const key = other.credential().split(".")[2] ?? "";
  return `${mine.record.slotId}.1.${key}`;
}

test.each([
  ["GET", "/v1/messages"],
  ["POST", "/v1/models"],
  ["POST", "/v1/complete"],
  ["POST", "/v1/messages/batches"],
  ["POST", "/v1/files"],
  ["GET", "/v1/organizations/api_keys"],
  ["POST", "/v1/messages/../files"],
  ["POST", "/v1//messages"],
  ["POST", "/V1/messages"],
  ["DELETE", "/v1/models/x"],
  ["POST", "/v1/messages%2fbatches"],
])("%s %s is not allowed", async (method, path) => {
  const slot = addSlot();
  const { status, error } = await rawCall(slot.credential(), method, path);
  expect([status, error]).toEqual([403, "permission_error"]);
  expect(seen).toHaveLength(0);
});

/** fetch would tidy the path. */
async function rawCall(credential: string, method: string, path: string): Promise<{ status: number; error: string }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, path, headers: { "x-automna-egress": credential } }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, error: JSON.parse(body).error.type });
    });
    sent.on("error", reject).end();
  });
}

test("models and counts pass", async () => {
  const slot = addSlot();
  for (const [method, path] of [
    ["GET", "/v1/models?limit=1"],
    ["GET", "/v1/models/claude-sonnet-4-5"],
    ["POST", "/v1/messages/count_tokens"],
  ] as const) {
    expect((await call(slot.credential(), { method, path })).status).toBe(200);
  }
});

test("no key, a suspended user, a provider that is down: each in the provider's shape", async () => {
  expect(await errorOf(await call(addSlot({}, null).credential()))).toEqual([424, "key_missing"]);
  expect(await errorOf(await call(addSlot({ userState: "suspended" }).credential()))).toEqual([
    403,
    "permission_error",
  ]);
  answer = (_request, response) => void response.destroy();
  expect(await errorOf(await call(addSlot().credential()))).toEqual([529, "overloaded_error"]);
});

test("the provider's own errors are passed on as they are", async () => {
  const body = '{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}';
  answer = (_request, response) =>
    void response.writeHead(429, { "content-type": "application/json", "retry-after": "7" }).end(body);
  const response = await call(addSlot().credential());
  expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([429, "7", body]);
});

test.each([
  [401, "authentication_error", "key_invalid"],
  [402, "billing_error", "key_limited"],
  [403, "permission_error", "key_invalid"],
])("a key that the provider refuses with %i does not lock the gateway out", async (status, type, told) => {
  answer = (_request, response) =>
    void response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ type: "error", error: { type, message: "invalid x-api-key" } }));
  const response = await call(addSlot().credential());
  const text = await response.text();
  expect([response.status, JSON.parse(text).error.type]).toEqual([424, told]);
  // Words that OpenClaw takes for a refused key stay behind too.
  expect(text).not.toMatch(/x-api-key|unauthorized|authentication/);
});

test("a replaced key is used after its notification, a removed one no longer", async () => {
  const slot = addSlot();
  const { userId } = slot.record;
  await call(slot.credential());
  slot.record.keyEnvelope = seal(ring, Buffer.from("sk-ant-api-new"), { owner: userId, kind: "model_key" });
  listener.emit("model_key_changed", { userId });
  await call(slot.credential());
  slot.record.keyEnvelope = null;
  listener.emit("model_key_changed", { userId });
  expect((await call(slot.credential())).status).toBe(424);
  expect(seen.map(({ headers }) => headers["x-api-key"])).toEqual(["sk-ant-api-customers", "sk-ant-api-new"]);
});

test("an agent that is moved to another model is answered from there at its next call", async () => {
  const slot = addSlot({ modelSource: "demo" });
  const { agentId, userId } = slot.record;
  const ask = async () => {
    const body = JSON.stringify({ model: "m", max_tokens: 9, messages: [{ role: "user", content: "hello" }] });
    return (await call(slot.credential(), { body })).text();
  };
  expect(await ask()).toContain("Demo model:");
  slot.record.modelSource = "byok";
  listener.emit("agent_changed", { userId, agentId });
  expect(await ask()).toBe('{"ok":true}');
  slot.record.modelSource = "demo";
  listener.emit("agent_changed", { userId, agentId });
  expect(await ask()).toContain("Demo model:");
  expect(seen.map(({ headers }) => headers["x-api-key"])).toEqual(["sk-ant-api-customers"]);
});

test("after a change of keys the former opens for a minute", async () => {
  const slot = addSlot();
  await call(slot.credential(1));
  Object.assign(slot.record, { keyGeneration: 2, egressKeyHash: slot.hash(2) });
  listener.emit("agent_changed", { userId: slot.record.userId, agentId: slot.record.agentId });
  expect((await call(slot.credential(2))).status).toBe(200);
  expect((await call(slot.credential(1))).status).toBe(200);
  clock.offsetMs = 61_000;
  expect((await call(slot.credential(1))).status).toBe(401);
  expect((await call(slot.credential(2))).status).toBe(200);
  clock.offsetMs = 0;
});

test("a stream arrives chunk by chunk", async () => {
  answer = async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let index = 0; index < 3; index += 1) {
      response.write(`event: x\ndata: ${index}\n\n`);
      await sleep(100);
    }
    response.end();
  };
  const startedAt = performance.now();
  const response = await call(addSlot().credential());
  const times: number[] = [];
  for await (const _chunk of response.body ?? []) times.push(performance.now() - startedAt);
  expect(times).toHaveLength(3);
  expect(times[0]).toBeLessThan(90);
});

test("40 callers who leave end 40 calls at the provider", async () => {
  let ended = 0;
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    response.on("close", () => (ended += 1));
  };
  const slot = addSlot();
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      const leaving = new AbortController();
      await call(slot.credential(), { signal: leaving.signal });
      leaving.abort();
    }),
  );
  await expect.poll(() => [ended, providerSockets <= 5], { timeout: 3_000 }).toEqual([40, true]);
});

test("33 MB are too large, said at once or on the way", async () => {
  const slot = addSlot();
  const body = Buffer.alloc(33 * 1024 * 1024, 32);
  expect(await errorOf(await call(slot.credential(), { body: body as never }))).toEqual([413, "request_too_large"]);
  const stream = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 33; index += 1) controller.enqueue(new Uint8Array(1024 * 1024));
      controller.close();
    },
  });
  const streamed = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "x-automna-egress": slot.credential() },
    body: stream,
    duplex: "half",
  }).catch(() => null);
  // The answer may be lost to a caller that is still sending.
  if (streamed !== null) expect(streamed.status).toBe(413);
});

test("while the database is down, known slots are served and unknown ones told to come back", async () => {
  const [known, unknown] = [addSlot(), addSlot()];
  await call(known.credential());
  isDown = true;
  listener.reconnect();
  expect((await call(known.credential())).status).toBe(200);
  expect(await errorOf(await call(unknown.credential()))).toEqual([529, "overloaded_error"]);
  isDown = false;
  await sleep(550);
  expect((await call(unknown.credential())).status).toBe(200);
});

test("the demo model answers in the provider's shape, labelled, without a call outside", async () => {
  const slot = addSlot({ modelSource: "demo" }, null);
  const request = {
    model: "claude-sonnet-4-5",
    max_tokens: 8_192,
    tools: [{ name: "read" }],
    messages: [
      { role: "user", content: "hello" },
      { role: "user", content: "OpenClaw runtime context for the immediately preceding user message.\nx" },
    ],
  };
  const whole = await call(slot.credential(), { body: JSON.stringify(request) });
  expect(await whole.json()).toMatchObject({
    type: "message",
    role: "assistant",
    stop_reason: "end_turn",
    content: [{ type: "text", text: expect.stringMatching(/^Demo model: hello!/) }],
  });

  const response = await call(slot.credential(), { body: JSON.stringify({ ...request, stream: true }) });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const events = [...(await response.text()).matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, type, data]) => ({
    type,
    data: JSON.parse(data ?? ""),
  }));
  expect(events.map(({ type }) => type).filter((type) => type !== "content_block_delta")).toEqual([
    "message_start",
    "content_block_start",
    "ping",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  const text = events
    .filter(({ type }) => type === "content_block_delta")
    .map(({ data }) => data.delta.text)
    .join("");
  expect(text).toMatch(/^Demo model: hello!/);
  expect(events.at(-2)?.data.usage.output_tokens).toBeGreaterThan(0);

  expect(
    await (await call(slot.credential(), { path: "/v1/messages/count_tokens", body: JSON.stringify(request) })).json(),
  ).toEqual({ input_tokens: expect.any(Number) });
  expect((await call(slot.credential(), { path: "/v1/models", method: "GET" })).status).toBe(200);
  expect(await errorOf(await call(slot.credential(), { body: "{" }))).toEqual([400, "invalid_request_error"]);
  expect(seen).toHaveLength(0);
});
