import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";
import { sendRaw, statuses } from "./raw-http.ts";

let ingress: IngressHarness;

beforeAll(async () => {
  ingress = await startIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

const dial = (as: TestCustomer, options: { origin?: string; headers?: Record<string, string>; path?: string } = {}) => {
  const { origin = ORIGIN, headers = { cookie: as.cookie() }, path = `/a/${as.userId}/ws` } = options;
  return new WebSocket(`ws://127.0.0.1:${ingress.port}${path}`, { origin, headers, maxPayload: 64 * 1024 * 1024 });
};

const open = async (as: TestCustomer, options?: Parameters<typeof dial>[1]) => {
  const socket = dial(as, options);
  await once(socket, "open");
  return socket;
};

/** Status of a refused upgrade, with its error code. */
const refusal = (socket: WebSocket) =>
  new Promise<[number, string]>((resolve, reject) => {
    socket.on("open", () => reject(new Error("was accepted")));
    socket.on("error", () => undefined);
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve([response.statusCode ?? 0, JSON.parse(body).error.code]));
    });
  });

const closing = async (socket: WebSocket) => {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return { code, reason: reason.toString() };
};

test("messages pass both ways: text, a megabyte, pings, and the close code", async () => {
  const anna = await ingress.addCustomer();
  const socket = await open(anna);
  socket.send("hello");
  expect(String((await once(socket, "message"))[0])).toBe("hello");
  const megabyte = Buffer.alloc(1024 * 1024, 9);
  socket.send(megabyte);
  const [echo] = (await once(socket, "message")) as [Buffer];
  expect(echo.equals(megabyte)).toBe(true);
  socket.ping("p");
  expect(String((await once(socket, "pong"))[0])).toBe("p");
  socket.send("close:4001");
  expect(await closing(socket)).toEqual({ code: 4001, reason: "as asked" });
});

test("the agent sees our handshake: no cookie, no client's key, its internal header", async () => {
  const anna = await ingress.addCustomer();
  const socket = await open(anna, {
    headers: { cookie: anna.cookie(), "x-automna-internal": "forged", "x-openclaw-scopes": "operator.admin" },
  });
  const [seen] = anna.backend.seen;
  const headers = seen?.headers ?? {};
  expect(seen?.url).toBe("/ws");
  expect(headers["cookie"]).toBeUndefined();
  expect(headers["x-openclaw-scopes"]).toBeUndefined();
  expect(headers["x-automna-internal"]).toMatch(/^[\w-]{43}$/);
  expect(headers["x-automna-user"]).toBe(anna.userId);
  socket.terminate();
});

test.each([
  ["without a session", {}, ORIGIN, 401, "not_signed_in"],
  ["from another origin", null, "https://evil.example", 403, "wrong_origin"],
] as const)("an upgrade %s is refused", async (_what, headers, origin, status, code) => {
  const anna = await ingress.addCustomer();
  expect(await refusal(dial(anna, { origin, ...(headers === null ? {} : { headers }) }))).toEqual([status, code]);
  expect(anna.backend.seen).toHaveLength(0);
});

test("an upgrade to another user's agent, or to a control path, is refused", async () => {
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  expect(await refusal(dial(anna, { path: `/a/${bert.userId}/ws` }))).toEqual([404, "agent_not_found"]);
  expect(await refusal(dial(anna, { path: `/a/${anna.userId}/_automna/claim` }))).toEqual([404, "not_found"]);
  expect(bert.backend.seen).toHaveLength(0);
});

test.each([
  ["asleep", "agent_asleep"],
  ["failed", "agent_unavailable"],
] as const)("an upgrade to an agent that is %s, and does not come by itself, says so at once", async (phase, code) => {
  const anna = await ingress.addCustomer();
  anna.record.phase = phase;
  expect(await refusal(dial(anna))).toEqual([503, code]);
});

test("another slot's port gets no upgrade", async () => {
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  bert.record.port = anna.backend.port;
  expect(await refusal(dial(bert))).toEqual([502, "backend_unproven"]);
  expect(anna.backend.seen).toHaveLength(0);
});

test("signing out closes the session's sockets within 2 s, and no others", async () => {
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  const [first, second, other] = await Promise.all([open(anna), open(anna), open(bert)]);
  const closed = Promise.all([closing(first), closing(second)]);
  const startedAt = performance.now();
  ingress.listener.emit("session_ended", { sessionId: anna.sessionId, userId: anna.userId });
  expect((await closed).map(({ code }) => code)).toEqual([4401, 4401]);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(other.readyState).toBe(WebSocket.OPEN);
  other.terminate();
});

test("sockets close when the user is suspended, and when the agent moves or stops", async () => {
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  const [ofAnna, ofBert] = await Promise.all([open(anna), open(bert)]);
  const closed = Promise.all([closing(ofAnna), closing(ofBert)]);
  anna.record.userState = "suspended";
  ingress.listener.emit("user_changed", { userId: anna.userId });
  bert.record.phase = "stopping";
  ingress.listener.emit("agent_changed", { agentId: bert.backend.agentId, userId: bert.userId });
  expect((await closed).map(({ code }) => code)).toEqual([4403, 1012]);
});

test("what was missed while notifications were away is made up for at the reconnect", async () => {
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  const [ofAnna, ofBert] = await Promise.all([open(anna), open(bert)]);
  const closed = Promise.all([closing(ofAnna), closing(ofBert)]);
  ingress.database.ended.push(anna.sessionId);
  bert.record.phase = "asleep";
  ingress.listener.reconnect();
  expect((await closed).map(({ code }) => code)).toEqual([4401, 1012]);
});

test("a socket lives 5 minutes after the last fresh token, and a newer one prolongs it", async () => {
  const anna = await ingress.addCustomer();
  const nowS = Math.floor(Date.now() / 1_000);
  const socket = await open(anna, { headers: { cookie: `__session=${anna.token({ iat: nowS - 10 })}` } });
  const ask = (iat: number) =>
    fetch(`${ingress.url}/a/${anna.userId}/healthz`, { headers: { cookie: `__session=${anna.token({ iat })}` } });
  ingress.clock.offsetMs = 4 * 60_000;
  expect((await ask(nowS)).status).toBe(200);
  ingress.clock.offsetMs = 6 * 60_000;
  // A token that was made at the same time is not a newer one, whether it still opens anything or not.
  await ask(nowS);
  await sleep(1_200);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  const closed = closing(socket);
  ingress.clock.offsetMs = 9 * 60_000 + 1_000;
  expect((await closed).code).toBe(4401);
  ingress.clock.offsetMs = 0;
});

test("33 sockets are one too many", async () => {
  const anna = await ingress.addCustomer();
  const sockets = await Promise.all(Array.from({ length: 32 }, () => open(anna)));
  expect(await refusal(dial(anna))).toEqual([429, "too_many_requests"]);
  sockets[0]?.terminate();
  for (const wait of [50, 100, 200]) if (ingress.underWay() >= 32) await sleep(wait);
  const another = await open(anna);
  for (const socket of [...sockets, another]) socket.terminate();
});

test("an agent that resets the connection ends the client's socket, and nothing else is written into it", async () => {
  const anna = await ingress.addCustomer();
  const socket = await open(anna);
  socket.send("reset");
  expect((await closing(socket)).code).toBe(1006);
});

test("clients that reset, close or fall silent leave no connection to the agent", async () => {
  const anna = await ingress.addCustomer();
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open(anna)));
  sockets.forEach((socket, index) => (index % 2 === 0 ? socket.terminate() : socket.close()));
  for (let waited = 0; anna.backend.sockets() > 0 && waited < 3_000; waited += 20) await sleep(20);
  expect(anna.backend.sockets()).toBe(0);
});

const handshake = (anna: TestCustomer, change: (lines: string[]) => string[]) => {
  const lines = [
    `GET /a/${anna.userId}/ws HTTP/1.1`,
    "host: x",
    `origin: ${ORIGIN}`,
    `cookie: ${anna.cookie()}`,
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  return `${change(lines).join("\r\n")}\r\n\r\n`;
};

test("the plain handshake is accepted with the key's own answer", async () => {
  const anna = await ingress.addCustomer();
  expect(
    await sendRaw(
      ingress.port,
      handshake(anna, (lines) => lines),
    ),
  ).toMatch(/^HTTP\/1\.1 101[\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
});

test.each<[string, (lines: string[]) => string[]]>([
  ["version 8", (lines) => lines.map((line) => line.replace(": 13", ": 8"))],
  ["no key", (lines) => lines.filter((line) => !line.startsWith("sec-websocket-key"))],
  ["a short key", (lines) => lines.map((line) => line.replace("dGhlIHNhbXBsZSBub25jZQ==", "abc"))],
  ["two keys", (lines) => [...lines, "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]],
  ["an h2c upgrade", (lines) => lines.map((line) => line.replace("upgrade: websocket", "upgrade: h2c"))],
  ["a second upgrade", (lines) => [...lines, "upgrade: h2c"]],
  ["a body's length", (lines) => [...lines, "content-length: 40"]],
  ["a chunked body", (lines) => [...lines, "transfer-encoding: chunked"]],
  ["POST", (lines) => lines.map((line) => line.replace(/^GET/, "POST"))],
  ["two hosts", (lines) => [...lines, "host: y"]],
  ["an absolute target", (lines) => lines.map((line) => line.replace("GET /", "GET http://x/"))],
])("a handshake with %s is refused and reaches no agent", async (_what, change) => {
  const anna = await ingress.addCustomer();
  const answer = await sendRaw(ingress.port, handshake(anna, change));
  expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400);
  expect(anna.backend.seen).toHaveLength(0);
});

test("half a close handshake does not keep the agent's socket", async () => {
  const anna = await ingress.addCustomer();
  const socket = connect({ port: ingress.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write(handshake(anna, (lines) => lines));
  await once(socket, "data");
  socket.end();
  for (let waited = 0; anna.backend.sockets() > 0 && waited < 3_000; waited += 20) await sleep(20);
  expect(anna.backend.sockets()).toBe(0);
  socket.destroy();
});
