import { agentAnswerSchema, agentListSchema, type AgentView } from "@automna/contract/agents";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestAnswer, type TestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const wish = { name: "Ada", personality: "Kind.", modelSource: "demo" } as const;
let people = 0;
async function signedIn(): Promise<{ browser: TestBrowser; userId: string }> {
  const browser = makeTestBrowser(api.origin);
  people += 1;
  return { browser, userId: await browser.signIn(api.startLink(), `person${people}@example.com`) };
}
const agentOf = (answer: TestAnswer): AgentView => agentAnswerSchema.parse(answer.body).agent;
const deploy = async (browser: TestBrowser) => agentOf(await browser.call("deployAgent", { body: wish }));

test("a deploy is recorded, hinted, audited and listed", async () => {
  const { browser, userId } = await signedIn();
  const answer = await browser.call("deployAgent", { body: wish });
  expect(answer.status).toBe(202);
  const agent = agentOf(answer);
  expect(agent).toMatchObject({
    userId,
    name: "Ada",
    tier: "local",
    phase: "requested",
    desired: "running",
    path: `/a/${userId}`,
  });
  expect(api.hints).toContain(agent.id);
  expect(await api.db.auditEvent.findMany({ where: { subject: agent.id } })).toMatchObject([
    { userId, action: "agent.deploy" },
  ]);
  expect(agentListSchema.parse((await browser.call("listAgents")).body).agents.map(({ id }) => id)).toEqual([agent.id]);
});

test("the same deploy again, also at the same moment, is the same agent", async () => {
  const { browser } = await signedIn();
  const agents = await Promise.all([deploy(browser), deploy(browser), deploy(browser)]);
  expect(new Set([...agents, await deploy(browser)].map(({ id }) => id)).size).toBe(1);
});

test("an own key is needed before an agent that uses it", async () => {
  const { browser, userId } = await signedIn();
  const body = { ...wish, modelSource: "byok" };
  expect(codeOf(await browser.call("deployAgent", { body }))).toBe("key_missing");
  expect(await api.db.agent.count({ where: { userId } })).toBe(0);
});

test("another user's agent does not exist, whatever is tried on it", async () => {
  const owner = await signedIn();
  const { id: agentId } = await deploy(owner.browser);
  const stranger = await signedIn();
  for (const name of ["getAgent", "stopAgent", "startAgent", "restartAgent", "deleteAgent", "agentEvents"] as const) {
    const answer = await stranger.browser.call(name, { params: { agentId } });
    expect([answer.status, codeOf(answer)], name).toEqual([404, "agent_not_found"]);
  }
  expect(await api.db.agent.findUnique({ where: { id: agentId } })).toMatchObject({
    desired: "running",
    generation: 1,
  });
  expect((await stranger.browser.call("listAgents")).body).toEqual({ agents: [] });
});

test("stop, start and restart are wishes, each recorded once however often it is pressed", async () => {
  const { browser } = await signedIn();
  const { id: agentId } = await deploy(browser);
  const press = async (name: "stopAgent" | "startAgent" | "restartAgent") =>
    agentOf(await browser.call(name, { params: { agentId } }));
  expect((await press("stopAgent")).desired).toBe("stopped");
  expect((await press("stopAgent")).desired).toBe("stopped");
  expect(await api.db.agentEvent.count({ where: { agentId, type: "agent.stopped_requested" } })).toBe(1);

  await api.db.agent.update({ where: { id: agentId }, data: { phase: "asleep" } });
  expect((await press("startAgent")).desired).toBe("running");
  await api.db.agent.update({ where: { id: agentId }, data: { phase: "failed", attempts: 6 } });
  expect(await press("restartAgent")).toMatchObject({ desired: "running", attempts: 0 });
  expect(await api.db.agent.findUnique({ where: { id: agentId } })).toMatchObject({ generation: 2 });
  const actions = await api.db.auditEvent.findMany({ where: { subject: agentId }, orderBy: { id: "asc" } });
  expect(actions.map(({ action }) => action)).toEqual(["agent.deploy", "agent.stop", "agent.start", "agent.restart"]);
});

test("what the present phase does not offer is refused with that phase", async () => {
  const { browser } = await signedIn();
  const { id: agentId } = await deploy(browser);
  const answer = await browser.call("restartAgent", { params: { agentId } });
  expect(answer).toMatchObject({
    status: 409,
    body: { error: { code: "agent_action_not_possible", details: { action: "restart", phase: "requested" } } },
  });
});

test("a deleted agent is gone for good: no other wish, and no new agent before it has left", async () => {
  const { browser } = await signedIn();
  const { id: agentId } = await deploy(browser);
  for (const _time of [1, 2])
    expect(agentOf(await browser.call("deleteAgent", { params: { agentId } })).desired).toBe("deleted");
  expect(codeOf(await browser.call("startAgent", { params: { agentId } }))).toBe("agent_action_not_possible");
  expect(codeOf(await browser.call("deployAgent", { body: wish }))).toBe("agent_action_not_possible");
  await api.db.agent.update({ where: { id: agentId }, data: { phase: "deleted" } });
  expect((await browser.call("listAgents")).body).toEqual({ agents: [] });
  expect((await deploy(browser)).id).not.toBe(agentId);
});

test("a wish goes through when the queue fails, and when it hangs", async () => {
  const failing = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    jobs: { add: () => Promise.reject(new Error("no queue")) },
  });
  const hanging = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    jobs: { add: () => new Promise(() => undefined) },
  });
  try {
    for (const broken of [failing, hanging]) {
      const browser = makeTestBrowser(broken.origin);
      await browser.signIn(broken.startLink(), `queue-${broken.origin.slice(-5)}@example.com`);
      const startedMs = performance.now();
      expect((await browser.call("deployAgent", { body: wish })).status).toBe(202);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
    }
  } finally {
    await Promise.all([failing.close(), hanging.close()]);
  }
});

test("too many deploys in a minute are told when to come back", async () => {
  const { browser } = await signedIn();
  const answers: TestAnswer[] = [];
  for (let i = 0; i < 21; i += 1) answers.push(await browser.call("deployAgent", { body: wish }));
  expect(answers.at(-2)?.status).toBe(202);
  expect(answers.at(-1)).toMatchObject({ status: 429, body: { error: { code: "too_many_requests" } } });
  expect(Number(answers.at(-1)?.headers.get("retry-after"))).toBeGreaterThan(0);
});
