import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { applyMigrations } from "@automna/prisma/migrate";
import { ensureRoles } from "@automna/prisma/roles";
import { endSession } from "@automna/records/sessions";
import { migrateQueue } from "@automna/service-kit/queue";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import {
  initialisePostgres,
  startPostgres,
  type PostgresServer,
  type RunningPostgres,
} from "@automna/testkit/embedded-postgres";
import { findFreePort } from "@automna/testkit/free-port";
import { stagePostgresBinaries } from "@automna/testkit/postgres-binaries";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { addDatabaseCustomer, type DatabaseCustomer } from "./database-customers.ts";
import { makeTestIssuer } from "./session-tokens.ts";

// A server of its own: it is killed here.
const PASSWORD = "test";
const ORIGIN = "http://automna.test";
const issuer = makeTestIssuer(ORIGIN);
const ringJson = newKeyRingJson();
const ring = parseKeyRing(ringJson);
const provider = createServer((request, response) => {
  request.resume();
  response.end(JSON.stringify({ key: request.headers["x-api-key"] }));
});

let folder: string;
let server: PostgresServer;
let postgres: RunningPostgres;
let db: PrismaClient;
let ingress: Service;
let egress: Service;

interface Service {
  process: ChildProcess;
  url: string;
}

const databaseUrl = (role: string) => `postgres://${role}:${PASSWORD}@127.0.0.1:${server.port}/postgres`;

async function startService(file: string, env: Record<string, string>): Promise<Service> {
  const port = await findFreePort();
  const prefix = file.includes("ingress") ? "INGRESS" : "EGRESS";
  const child = fork(join(import.meta.dirname, "../src", file), [], {
    env: {
      PATH: process.env["PATH"] ?? "",
      [`${prefix}_PORT`]: String(port),
      [`${prefix}_LOG_LEVEL`]: "fatal",
      [`${prefix}_DRAIN_TIMEOUT_MS`]: "1000",
      ...env,
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
  });
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [{ type?: string } | number];
  expect(message).toEqual({ type: "ready" });
  return { process: child, url: `http://127.0.0.1:${port}` };
}

const startIngress = () =>
  startService("main-ingress.ts", {
    INGRESS_DATABASE_URL: databaseUrl("automna_ingress"),
    INGRESS_ORIGIN: ORIGIN,
    INGRESS_SESSION_JWT_KEY: issuer.publicKey,
    INGRESS_SESSION_ISSUER: issuer.issuer,
    INGRESS_SLOT_KEY_RING: ringJson,
    INGRESS_DRAIN_NOTICE_MS: "300",
  });

const startEgress = (env: Record<string, string> = {}) =>
  startService("main-egress.ts", {
    EGRESS_DATABASE_URL: databaseUrl("automna_egress"),
    EGRESS_MODEL_PROVIDER_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
    EGRESS_MODEL_KEY_RING: ringJson,
    ...env,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "automna-proxy-test-"));
  await chmod(folder, 0o755);
  server = {
    binaries: await stagePostgresBinaries(),
    dataDir: join(folder, "data"),
    port: await findFreePort(),
    isDurable: true,
  };
  await initialisePostgres(server, PASSWORD);
  postgres = await startPostgres(server);
  await applyMigrations(databaseUrl("postgres"));
  await migrateQueue(AGENTS_QUEUE, databaseUrl("postgres"));
  const passwords = {
    automna_api: PASSWORD,
    automna_provisioner: PASSWORD,
    automna_ingress: PASSWORD,
    automna_egress: PASSWORD,
    automna_apps: PASSWORD,
  };
  await ensureRoles(databaseUrl("postgres"), passwords);
  db = createPrismaClient(databaseUrl("postgres"), { max: 2 });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  ingress = await startIngress();
  egress = await startEgress();
});

afterAll(async () => {
  for (const service of [ingress, egress]) service.process.kill("SIGKILL");
  await db.$disconnect();
  await postgres.stop();
  provider.close();
  await rm(folder, { recursive: true, force: true });
});

const addCustomer = () => addDatabaseCustomer(db, { ring, issuer });

const ask = async ({ userId, cookie }: DatabaseCustomer) =>
  (await fetch(`${ingress.url}/a/${userId}/x`, { headers: { cookie } })).status;
const callModel = async ({ credential }: DatabaseCustomer) => {
  const response = await fetch(`${egress.url}/v1/messages`, {
    method: "POST",
    body: "{}",
    headers: { "x-automna-egress": credential },
  });
  return response.status === 200 ? ((await response.json()) as { key: string }).key : response.status;
};
const dial = async ({ userId, cookie }: DatabaseCustomer) => {
  const socket = new WebSocket(`${ingress.url.replace("http", "ws")}/a/${userId}/ws`, {
    origin: ORIGIN,
    headers: { cookie },
  });
  await once(socket, "open");
  return socket;
};
const closeCode = async (socket: WebSocket) => ((await once(socket, "close")) as [number])[0];
const until = async (isSo: () => Promise<boolean>, timeoutMs = 10_000) => {
  const untilMs = Date.now() + timeoutMs;
  while (!(await isSo())) {
    expect(Date.now()).toBeLessThan(untilMs);
    await sleep(50);
  }
};

test("both processes work with no more than their own database roles", async () => {
  const anna = await addCustomer();
  expect(await ask(anna)).toBe(200);
  expect(await callModel(anna)).toBe(`sk-${anna.userId}`);
});

test("a sign-out in the database closes the session's socket within 2 s", async () => {
  const anna = await addCustomer();
  const socket = await dial(anna);
  const startedAt = performance.now();
  const closed = closeCode(socket);
  await endSession(db, anna.sessionId, new Date());
  expect(await closed).toBe(4401);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(await ask(anna)).toBe(401);
});

test("Postgres is killed and comes back: known customers notice nothing, then everything goes on by itself", async () => {
  const [anna, bert] = [await addCustomer(), await addCustomer()];
  expect([await ask(anna), await callModel(anna)]).toEqual([200, `sk-${anna.userId}`]);
  const socket = await dial(anna);

  process.kill(postgres.pid, "SIGKILL");
  await postgres.exited;
  expect([await ask(anna), await callModel(anna)]).toEqual([200, `sk-${anna.userId}`]);
  expect([await ask(bert), await callModel(bert)]).toEqual([503, 529]);

  postgres = await startPostgres(server);
  await until(async () => (await ask(bert)) === 200);
  expect(await callModel(bert)).toBe(`sk-${bert.userId}`);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  // Notifications are heard again, and what was missed is found.
  const closed = closeCode(socket);
  await until(() =>
    endSession(db, anna.sessionId, new Date()).then(
      () => true,
      () => false,
    ),
  );
  expect(await closed).toBe(4401);
  expect(await ask(anna)).toBe(401);
});

test("SIGTERM tells sockets to come again, finishes what is under way and ends with 0", async () => {
  const anna = await addCustomer();
  const own = await startIngress();
  const before = ingress;
  ingress = own;
  const socket = await dial(anna);
  anna.agentd.answers.set("/slow", async (_request, response) => {
    await sleep(400);
    response.setHeader("content-type", "text/plain");
    response.end("done");
  });
  const slow = fetch(`${own.url}/a/${anna.userId}/slow`, { headers: { cookie: anna.cookie } }).then((response) =>
    response.text(),
  );
  await sleep(100);
  const [closed, exited] = [closeCode(socket), once(own.process, "exit")];
  own.process.kill("SIGTERM");
  expect(await closed).toBe(1012);
  expect(await slow).toBe("done");
  expect((await exited)[0]).toBe(0);
  ingress = before;
});

test("a process whose supervisor is gone ends", async () => {
  const own = await startIngress();
  const exited = once(own.process, "exit");
  own.process.disconnect();
  expect((await exited)[0]).toBe(0);
});

test("egress runs as several processes too", async () => {
  const anna = await addCustomer();
  const [before, own] = [egress, await startEgress({ EGRESS_PROCESSES: "2" })];
  egress = own;
  expect(await Promise.all([callModel(anna), callModel(anna), callModel(anna)])).toEqual(
    Array(3).fill(`sk-${anna.userId}`),
  );
  egress = before;
  const exited = once(own.process, "exit");
  own.process.kill("SIGTERM");
  expect((await exited)[0]).toBe(0);
});
