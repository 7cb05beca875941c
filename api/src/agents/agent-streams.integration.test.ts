import { agentAnswerSchema, agentEventSchema, agentViewSchema } from "@automna/contract/agents";
import { appendAgentEvent } from "@automna/records/agents";
import { endSession } from "@automna/records/sessions";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openTestStream, type TestStream } from "../testing/open-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), heartbeatMs: 100 });
  await vi.waitUntil(api.isListening);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

let people = 0;
async function watched(): Promise<{
  browser: TestBrowser;
  agentId: string;
  userId: string;
  open: (headers?: Record<string, string>) => Promise<TestStream>;
}> {
  const browser = makeTestBrowser(api.origin);
  people += 1;
  const userId = await browser.signIn(api.startLink(), `watcher${people}@example.com`);
  const { agent } = agentAnswerSchema.parse(
    (await browser.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } })).body,
  );
  return {
    browser,
    agentId: agent.id,
    userId,
    open: (headers) => openTestStream(browser, `${api.origin}/api/agents/${agent.id}/events`, headers),
  };
}
/** What the provisioner does: a change with its event and notification in one transaction. */
const move = (agentId: string, phase: "placing" | "ready" | "deleted") =>
  api.db.$transaction(async (tx) => {
    const agent = await tx.agent.update({ where: { id: agentId }, data: { phase } });
    await appendAgentEvent(tx, agent, `agent.${phase}`, {});
  });
const phases = (stream: TestStream) =>
  stream.events.filter(({ event }) => event === "agent").map(({ data }) => agentViewSchema.parse(data).phase);
const logs = (stream: TestStream) =>
  stream.events.filter(({ event }) => event === "log").map(({ data }) => agentEventSchema.parse(data).type);

test("a stream tells the state at once, then every change, and comments in between", async () => {
  const { agentId, open } = await watched();
  const stream = await open();
  await expect.poll(() => logs(stream)).toEqual(["agent.requested"]);
  // The deploy's own notification may arrive after the stream was opened, and then tells the same once more.
  const told = () => [...new Set(phases(stream))];
  expect(told()).toEqual(["requested"]);
  await move(agentId, "placing");
  await expect.poll(told).toEqual(["requested", "placing"]);
  await expect.poll(() => logs(stream)).toEqual(["agent.requested", "agent.placing"]);
  await expect.poll(() => stream.comments.length).toBeGreaterThan(1);
  stream.close();
});

test("a stream that comes back gets the log lines it missed, and those alone", async () => {
  const { agentId, open } = await watched();
  const first = await open();
  await expect.poll(() => logs(first)).toEqual(["agent.requested"]);
  const lastId = first.events.findLast(({ id }) => id !== null)?.id ?? "";
  first.close();
  for (let i = 0; i < 60; i += 1) await move(agentId, i % 2 === 0 ? "placing" : "ready");
  const second = await open({ "last-event-id": lastId });
  await expect.poll(() => logs(second).length).toBe(60);
  expect(logs(second)).not.toContain("agent.requested");
  second.close();
  const fresh = await open({ "last-event-id": "rubbish" });
  await expect.poll(() => logs(fresh).length).toBe(50);
  fresh.close();
});

test("a deleted agent's stream says so and ends, also one that is opened afterwards", async () => {
  const { agentId, open } = await watched();
  const stream = await open();
  await expect.poll(() => phases(stream)).toContain("requested");
  await move(agentId, "deleted");
  await stream.ended;
  expect(stream.events.at(-1)?.event).toBe("gone");
  const late = await open();
  await late.ended;
  expect(late.events.at(-1)?.event).toBe("gone");
});

test("a stream ends within 2 s of its session, and others of the agent go on", async () => {
  const { browser, userId, open } = await watched();
  const stream = await open();
  const session = await api.db.session.findFirstOrThrow({ where: { userId } });
  await browser.signIn(api.startLink(), `watcher${people}@example.com`);
  const other = await open();
  await expect.poll(() => phases(other)).toContain("requested");
  await endSession(api.db, session.id, new Date());
  await expect.poll(stream.hasEnded, { timeout: 2_000 }).toBe(true);
  expect(other.hasEnded()).toBe(false);
  other.close();
});

test("a suspended user's streams end", async () => {
  const { userId, open } = await watched();
  const stream = await open();
  await api.db.user.update({ where: { id: userId }, data: { state: "suspended" } });
  await api.db.$executeRaw`SELECT pg_notify('user_changed', ${JSON.stringify({ userId })})`;
  await expect.poll(stream.hasEnded, { timeout: 2_000 }).toBe(true);
});

test("a user has a dozen streams at most, and a closed one makes room", async () => {
  const { open } = await watched();
  const streams: TestStream[] = [];
  for (let i = 0; i < 12; i += 1) streams.push(await open());
  expect((await open()).status).toBe(429);
  streams[0]?.close();
  await expect
    .poll(async () => {
      const stream = await open();
      stream.close();
      return stream.status;
    })
    .toBe(200);
  for (const stream of streams) stream.close();
});

test("a stream ends when its token does", async () => {
  const { browser, userId, agentId } = await watched();
  const session = await api.db.session.findFirstOrThrow({ where: { userId } });
  const token = api.issuer.sign(
    { origin: api.origin, userId, sessionId: session.id, sessionExpiresAtMs: Date.now() + 2_000 },
    Date.now(),
  );
  browser.cookies.set("__session", token);
  const stream = await openTestStream(browser, `${api.origin}/api/agents/${agentId}/events`);
  expect(stream.status).toBe(200);
  await expect.poll(stream.hasEnded, { timeout: 4_000 }).toBe(true);
});
