import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { notify } from "@automna/records/database";
import { endSession } from "@automna/records/sessions";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import { findFreePort } from "@automna/testkit/free-port";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { listProcesses } from "@automna/testkit/processes";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { addDatabaseCustomer, type DatabaseCustomer } from "./database-customers.ts";
import { makeTestIssuer } from "./session-tokens.ts";
import { startStandInAgentd } from "./stand-in-agentd.ts";

const ORIGIN = "http://automna.test";
const WORKERS = 2;
const issuer = makeTestIssuer(ORIGIN);
const ringJson = newKeyRingJson();
const ring = parseKeyRing(ringJson);

let database: TestDatabase;
let db: PrismaClient;
let service: ChildProcess;
let port: number;
let metricsPort: number;

beforeAll(async () => {
  database = await createTestDatabase();
  db = createPrismaClient(database.url, { max: 2 });
  [port, metricsPort] = [await findFreePort(), await findFreePort()];
  service = fork(join(import.meta.dirname, "../src/main-ingress.ts"), [], {
    env: {
      PATH: process.env["PATH"] ?? "",
      INGRESS_PROCESSES: String(WORKERS),
      INGRESS_PORT: String(port),
      INGRESS_METRICS_PORT: String(metricsPort),
      INGRESS_DATABASE_URL: database.urlAs("automna_ingress"),
      INGRESS_ORIGIN: ORIGIN,
      INGRESS_SESSION_JWT_KEY: issuer.publicKey,
      INGRESS_SESSION_ISSUER: issuer.issuer,
      INGRESS_SLOT_KEY_RING: ringJson,
      INGRESS_LOG_LEVEL: "fatal",
      INGRESS_DRAIN_TIMEOUT_MS: "3000",
      INGRESS_DRAIN_NOTICE_MS: "100",
      INGRESS_USER_REQUESTS_PER_S: "20",
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });
  const [message] = (await Promise.race([once(service, "message"), once(service, "exit")])) as [unknown];
  expect(message).toEqual({ type: "ready" });
});
afterAll(async () => {
  service.kill("SIGKILL");
  await db.$disconnect();
  await database.drop();
});

const addCustomer = () => addDatabaseCustomer(db, { ring, issuer });

const dial = ({ userId, cookie }: DatabaseCustomer) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/a/${userId}/ws`, { origin: ORIGIN, headers: { cookie } });
  socket.on("error", () => undefined);
  return socket;
};
const open = async (customer: DatabaseCustomer) => {
  const socket = dial(customer);
  await once(socket, "open");
  return socket;
};
const closeCode = async (socket: WebSocket) => ((await once(socket, "close")) as [number])[0];
const statusOf = (socket: WebSocket) =>
  new Promise<number>((resolve) => {
    socket.on("open", () => resolve(101));
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
  });

/** Status and answering slot; a connection of its own unless an agent keeps them. */
const ask = async ({ userId, cookie }: DatabaseCustomer, agent: Agent | false = false) => {
  const asked = httpRequest({ port, host: "127.0.0.1", path: `/a/${userId}/x`, headers: { cookie }, agent }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, slotId: (JSON.parse(text) as { slotId?: string }).slotId };
};

const workerPids = () =>
  listProcesses()
    .filter(({ parentPid }) => parentPid === service.pid)
    .map(({ pid }) => pid);
const metric = async (name: string) => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
};

test("connections are handed to all workers, and the metrics are those of all", async () => {
  const anna = await addCustomer();
  const sockets = await Promise.all([open(anna), open(anna), open(anna), open(anna)]);
  expect(workerPids()).toHaveLength(WORKERS);
  await expect.poll(() => metric("proxy_active")).toBe(4);
  expect(await metric("proxy_workers")).toBe(WORKERS);
  for (const socket of sockets) socket.terminate();
  await expect.poll(() => metric("proxy_active")).toBe(0);
  expect(await metric("proxy_upgrades_total")).toBe(4);
});

test("a sign-out closes the session's sockets in every worker within 2 s, and lets nobody in again", async () => {
  const [anna, bert] = [await addCustomer(), await addCustomer()];
  const sockets = await Promise.all(Array.from({ length: 6 }, () => open(anna)));
  const other = await open(bert);
  const codes = Promise.all(sockets.map(closeCode));
  const startedAt = performance.now();
  await endSession(db, anna.sessionId, new Date());
  expect(new Set(await codes)).toEqual(new Set([4401]));
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect((await Promise.all([ask(anna), ask(anna), ask(anna), ask(anna)])).map(({ status }) => status)).toEqual([
    401, 401, 401, 401,
  ]);
  expect(other.readyState).toBe(WebSocket.OPEN);
  other.terminate();
});

test("a moved agent is found by every worker, and nobody asks at its old place 2 s later", async () => {
  const anna = await addCustomer();
  const agents = Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const askEach = () => Promise.all(agents.map((agent) => ask(anna, agent)));
  expect(new Set((await askEach()).map(({ slotId }) => slotId))).toEqual(new Set([anna.agentd.slotId]));
  const { slotId, agentId, rootKey } = anna.agentd;
  await using moved = await startStandInAgentd({ slotId, agentId, rootKey });
  const before = anna.agentd.seen.length;
  await db.$transaction(async (tx) => {
    await tx.agent.update({ where: { id: agentId }, data: { port: moved.port } });
    await notify(tx, "agent_changed", { agentId, userId: anna.userId });
  });
  await expect.poll(async () => (await askEach()) && moved.seen.length).toBeGreaterThan(0);
  await sleep(1_000);
  const [old, fresh] = [anna.agentd.seen.length, moved.seen.length];
  await askEach();
  expect(anna.agentd.seen.length).toBe(old);
  expect(moved.seen.length).toBe(fresh + 4);
  expect(old).toBeLessThan(before + 20);
  for (const agent of agents) agent.destroy();
});

test("a user's sockets are counted over all workers", async () => {
  const anna = await addCustomer();
  const sockets: WebSocket[] = [];
  for (let count = 0; count < 32; count += 1) {
    sockets.push(await open(anna));
    // Faster than any dashboard, and slow enough for the workers to tell each other.
    await sleep(20);
  }
  await sleep(150);
  expect([await statusOf(dial(anna)), await statusOf(dial(anna))]).toEqual([429, 429]);
  for (const socket of sockets.splice(0, 8)) socket.terminate();
  await sleep(300);
  const again = dial(anna);
  expect(await statusOf(again)).toBe(101);
  for (const socket of [...sockets, again]) socket.terminate();
});

test("a user's rate is counted over all workers", async () => {
  const anna = await addCustomer();
  const startedAt = performance.now();
  const statuses: (number | undefined)[] = [];
  for (let round = 0; round < 60; round += 1) {
    statuses.push(...(await Promise.all([ask(anna), ask(anna), ask(anna), ask(anna)])).map(({ status }) => status));
    await sleep(10);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const letIn = statuses.filter((status) => status === 200).length;
  // 80 at once and 20 per second; each worker for itself would let in twice as many. A tenth for what crosses.
  expect(letIn).toBeLessThanOrEqual((80 + 20 * seconds) * 1.1 + 8);
  expect(letIn).toBeGreaterThan(80);
});

test("other processes hear of each fresh token, and of none again", async () => {
  const anna = await addCustomer();
  const heard: number[] = [];
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  client.on("notification", ({ payload }) => {
    const seen = JSON.parse(payload ?? "{}") as { sessionId: string; tokenIssuedAtS: number };
    if (seen.sessionId === anna.sessionId) heard.push(seen.tokenIssuedAtS);
  });
  await client.query("LISTEN session_seen");
  const fresh = (iat: number) => ({
    ...anna,
    cookie: `__session=${issuer.token({ sub: anna.userId, sid: anna.sessionId, iat })}`,
  });
  const nowS = Math.floor(Date.now() / 1_000);
  for (const iat of [nowS - 200, nowS - 100]) {
    await ask(fresh(iat));
    await expect.poll(() => heard).toContain(iat);
  }
  await sleep(200);
  const told = heard.length;
  for (const iat of [nowS - 200, nowS - 100, nowS - 100]) await ask(fresh(iat));
  await sleep(300);
  expect(heard).toHaveLength(told);
  expect(told).toBeLessThanOrEqual(2 * WORKERS);
  await client.end();
});

test("a worker that is killed takes its own sockets with it and nobody else's, and is replaced", async () => {
  const anna = await addCustomer();
  const sockets = await Promise.all(Array.from({ length: 10 }, () => open(anna)));
  const isClosed = ({ readyState }: WebSocket) => readyState === WebSocket.CLOSED;
  const [victim] = workerPids();
  process.kill(victim as number, "SIGKILL");
  await expect.poll(() => sockets.some(isClosed)).toBe(true);
  expect((await ask(anna)).status).toBe(200);
  await expect.poll(() => metric("proxy_workers")).toBe(WORKERS);
  expect(workerPids()).not.toContain(victim);
  const left = sockets.filter((socket) => !isClosed(socket)).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(10);
  await expect.poll(() => metric("proxy_active")).toBe(left);
  for (const socket of sockets) socket.terminate();
});

test("SIGHUP replaces every worker without a failed request", async () => {
  const anna = await addCustomer();
  const before = workerPids();
  const socket = await open(anna);
  const told = closeCode(socket);
  service.kill("SIGHUP");
  const failures: unknown[] = [];
  const untilMs = Date.now() + 50_000;
  while (workerPids().some((pid) => before.includes(pid)) && Date.now() < untilMs) {
    const { status } = await ask(anna).catch((error: unknown) => ({ status: String(error) }));
    if (status !== 200) failures.push(status);
    await sleep(60);
  }
  expect(failures).toEqual([]);
  expect(await told).toBe(1012);
  expect(workerPids()).toHaveLength(WORKERS);
  expect((await ask(anna)).status).toBe(200);
});

test("SIGTERM lets every worker leave, and ends with 0", async () => {
  const anna = await addCustomer();
  const sockets = await Promise.all([open(anna), open(anna)]);
  const codes = Promise.all(sockets.map(closeCode));
  const exited = once(service, "exit");
  service.kill("SIGTERM");
  expect(await codes).toEqual([1012, 1012]);
  expect((await exited)[0]).toBe(0);
  expect(workerPids()).toEqual([]);
});
