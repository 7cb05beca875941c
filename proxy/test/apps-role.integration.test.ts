import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { newId } from "@automna/service-kit/new-id";
import { newKeyRingJson, parseKeyRing } from "@automna/service-kit/secret-box";
import { findFreePort } from "@automna/testkit/free-port";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { APPS_DOMAIN, hostOf, startAppsListener, type AppOwner, type AppsHarness } from "./apps-harness.ts";
import { startStandInAgentd, type StandInAgentd } from "./stand-in-agentd.ts";

let database: TestDatabase;
let harness: AppsHarness;
let agentd: StandInAgentd;
let ada: AppOwner;
let port: number;
let service: ChildProcess;
const ringJson = newKeyRingJson();

const startService = async (overrides: Record<string, string> = {}) => {
  const child = fork(join(import.meta.dirname, "../src/main-apps.ts"), [], {
    env: {
      PATH: process.env["PATH"] ?? "",
      APPS_PORT: String(port),
      APPS_DATABASE_URL: database.urlAs("automna_apps"),
      APPS_ORIGIN: `http://${APPS_DOMAIN}`,
      APPS_DASHBOARD_ORIGIN: "http://automna.test",
      APPS_SLOT_KEY_RING: ringJson,
      APPS_PASS_KEY: "k".repeat(43),
      APPS_LOG_LEVEL: "fatal",
      APPS_DRAIN_TIMEOUT_MS: "1000",
      ...overrides,
    },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
  });
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  return { child, message };
};

beforeAll(async () => {
  database = await createTestDatabase();
  harness = await startAppsListener(database, { ring: parseKeyRing(ringJson) });
  agentd = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt") });
  ada = await harness.addOwner(agentd);
  port = await findFreePort();
  const { child, message } = await startService();
  expect(message).toEqual({ type: "ready" });
  service = child;
});
afterAll(async () => {
  service.kill("SIGKILL");
  await harness[Symbol.asyncDispose]();
  await agentd.crash();
  await database.drop();
});

test("the process serves apps with no more than its own role, and ends in order", async () => {
  const answer = await harness.visit(hostOf("shop", ada), "/", {}, port);
  expect([answer.status, answer.body.includes(agentd.slotId)]).toEqual([200, true]);
  const ticket = await ada.ticket("shop");
  const entered = await harness.visit(hostOf("shop", ada), `/.automna/enter?ticket=${ticket}`, {}, port);
  expect([entered.status, entered.pass === null]).toEqual([303, false]);
  const exited = once(service, "exit");
  service.kill("SIGTERM");
  expect((await exited)[0]).toBe(0);
});

test("it does not start with a domain whose pages could set cookies for the dashboard", async () => {
  const { message } = await startService({ APPS_DASHBOARD_ORIGIN: "http://dashboard.apps.test" });
  expect(message).toBe(1);
});

test("the apps listener's role reads what it needs and nothing else", async () => {
  const client = new pg.Client({ connectionString: database.urlAs("automna_apps") });
  await client.connect();
  try {
    for (const sql of [
      "SELECT email FROM users",
      "SELECT refresh_hash FROM sessions",
      "SELECT personality FROM agents",
      "SELECT ingress_key_envelope FROM slots",
      "SELECT root_key_envelope FROM slots",
      "SELECT * FROM model_keys",
      "SELECT * FROM audit_events",
      "UPDATE apps SET visibility = 'public'",
      "INSERT INTO app_tickets SELECT * FROM app_tickets",
      "UPDATE handles SET user_id = 'x'",
      "DELETE FROM apps",
    ])
      await expect(client.query(sql), sql).rejects.toThrow("permission denied");
    await client.query("SELECT id, apps_key_envelope FROM slots");
  } finally {
    await client.end();
  }
});
