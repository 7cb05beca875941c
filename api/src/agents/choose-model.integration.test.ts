import { agentAnswerSchema, agentViewSchema } from "@automna/contract/agents";
import { changeModelSource } from "@automna/records/agents";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openTestStream } from "../testing/open-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";

const key = newAnthropicKey();
let database: TestDatabase;
let provider: FakeAnthropic;
let api: TestApi;
let browser: TestBrowser;
let agentId: string;
let people = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  provider = await startFakeAnthropic({ keys: { [key]: "good" } });
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), modelProviderUrl: provider.url });
  await vi.waitUntil(api.isListening);
});
afterAll(async () => {
  await api.close();
  await provider.close();
  await database.drop();
});
beforeEach(async () => {
  people += 1;
  browser = makeTestBrowser(api.origin);
  await browser.signIn(api.startLink(), `model${people}@example.com`);
  const deployed = await browser.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  agentId = agentAnswerSchema.parse(deployed.body).agent.id;
});

const choose = (modelSource: string, by = browser) =>
  by.call("chooseModel", { params: { agentId }, body: { modelSource } });
const storeKey = () => browser.call("putKey", { body: { key } });
const stored = () => api.db.agent.findUniqueOrThrow({ where: { id: agentId } });
const traces = async () => ({
  events: (await api.db.agentEvent.findMany({ where: { agentId }, orderBy: { id: "asc" } })).map(({ type }) => type),
  audit: (await api.db.auditEvent.findMany({ where: { subject: agentId }, orderBy: { id: "asc" } })).map(
    ({ action, data }) => [action, data],
  ),
});

test("an agent moves to the customer's key and back, while it runs and without a new generation", async () => {
  await api.db.agent.update({ where: { id: agentId }, data: { phase: "ready" } });
  await storeKey();
  const before = await stored();
  const answer = await choose("byok");
  expect(answer.status).toBe(200);
  expect(agentAnswerSchema.parse(answer.body).agent).toMatchObject({ modelSource: "byok", phase: "ready" });
  expect(await stored()).toEqual({ ...before, modelSource: "byok" });
  expect(agentAnswerSchema.parse((await choose("demo")).body).agent.modelSource).toBe("demo");
  expect(await traces()).toEqual({
    events: ["agent.requested", "agent.byok_chosen", "agent.demo_chosen"],
    audit: [
      ["agent.deploy", { modelSource: "demo" }],
      ["agent.choose_model", { modelSource: "byok" }],
      ["agent.choose_model", { modelSource: "demo" }],
    ],
  });
});

test("the same choice twice, also at the same moment, is one change", async () => {
  await storeKey();
  const answers = [...(await Promise.all([choose("byok"), choose("byok")])), await choose("byok")];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const { events, audit } = await traces();
  expect([events.length, audit.length]).toEqual([2, 2]);
});

test("without a stored key an own key can't be chosen, and nothing changes", async () => {
  const answer = await choose("byok");
  expect([answer.status, codeOf(answer)]).toEqual([409, "key_missing"]);
  expect((await stored()).modelSource).toBe("demo");
  expect((await traces()).events).toEqual(["agent.requested"]);
});

test("an agent whose key was removed can be moved to the demo model", async () => {
  await storeKey();
  await choose("byok");
  await browser.call("deleteKey");
  expect(codeOf(await choose("byok"))).toBe("key_missing");
  expect((await choose("demo")).status).toBe(200);
});

test("another user's agent does not exist, and another user's key is of no use", async () => {
  const stranger = makeTestBrowser(api.origin);
  await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
  await stranger.call("putKey", { body: { key } });
  for (const source of ["byok", "demo"]) {
    const answer = await choose(source, stranger);
    expect([answer.status, codeOf(answer)]).toEqual([404, "agent_not_found"]);
  }
  expect(codeOf(await choose("byok"))).toBe("key_missing");
  expect((await traces()).events).toEqual(["agent.requested"]);
});

test("credits are chosen where the plan has them, and refused where it has not", async () => {
  const answer = await choose("credits");
  expect(agentAnswerSchema.parse(answer.body).agent.modelSource).toBe("credits");
  await choose("demo");
  const { userId } = await api.db.agent.findUniqueOrThrow({ where: { id: agentId } });
  await api.db.entitlement.create({
    data: { userId, tier: "pro", dunning: "clear", since: new Date(), updatedAt: new Date() },
  });
  expect(codeOf(await choose("credits"))).toBe("credits_not_included");
  expect((await stored()).modelSource).toBe("demo");
});

test.each([{}, { modelSource: "gpt" }, { modelSource: "demo", userId: "user_other" }])("refuses %j", async (body) => {
  expect(codeOf(await browser.call("chooseModel", { params: { agentId }, body }))).toBe("invalid_request");
});

test("an agent that is to be deleted takes no other choice", async () => {
  await storeKey();
  await browser.call("deleteAgent", { params: { agentId } });
  expect(codeOf(await choose("byok"))).toBe("agent_action_not_possible");
});

test("open pages hear of it", async () => {
  await storeKey();
  const stream = await openTestStream(browser, `${api.origin}/api/agents/${agentId}/events`);
  await choose("byok");
  const sources = () =>
    stream.events.filter(({ event }) => event === "agent").map(({ data }) => agentViewSchema.parse(data).modelSource);
  await expect.poll(() => sources().at(-1)).toBe("byok");
  stream.close();
});

test("a crash before the audit leaves neither the change nor its event", async () => {
  const crashed = changeModelSource(api.db, {
    agentId,
    modelSource: "byok",
    assertPossible: async () => undefined,
    onChange: () => Promise.reject(new Error("crash")),
  });
  await expect(crashed).rejects.toThrow("crash");
  expect((await stored()).modelSource).toBe("demo");
  expect((await traces()).events).toEqual(["agent.requested"]);
});
