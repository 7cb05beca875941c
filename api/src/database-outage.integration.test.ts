import { agentAnswerSchema } from "@automna/contract/agents";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender } from "@automna/service-kit/queue";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCuttable, type CuttableDatabase } from "./testing/cuttable-database.ts";
import { openTestStream } from "./testing/open-stream.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";
import { codeOf, makeTestBrowser } from "./testing/test-browser.ts";

let database: TestDatabase;
let line: CuttableDatabase;
let api: TestApi;
let jobs: ReturnType<typeof makeJobSender>;
beforeAll(async () => {
  database = await createTestDatabase();
  line = await makeCuttable(database.urlAs("automna_api"));
  jobs = makeJobSender(AGENTS_QUEUE, { kind: "postgres", connectionString: line.url, max: 2 }, makeSilentLog());
  api = await startTestApi({ databaseUrl: line.url, jobs });
});
afterAll(async () => {
  await api.close();
  await jobs.close();
  await line.cut();
  await database.drop();
});

const waitingHints = async () => {
  const rows = await api.db.$queryRaw<{ count: bigint }[]>`SELECT count(*) AS count FROM bullmq.job`;
  return Number(rows[0]?.count);
};

test("an outage of the database is answered with 503 and heals by itself, streams included", async () => {
  const browser = makeTestBrowser(api.origin);
  await browser.signIn(api.startLink(), "outage@example.com");
  const { agent } = agentAnswerSchema.parse(
    (await browser.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } })).body,
  );
  const stream = await openTestStream(browser, `${api.origin}/api/agents/${agent.id}/events`);
  await expect.poll(() => stream.events.length).toBe(2);

  for (let round = 0; round < 2; round += 1) {
    await line.cut();
    for (const name of ["me", "listAgents", "health"] as const) {
      const answer = await browser.call(name);
      expect([answer.status, codeOf(answer)], name).toEqual([503, "service_unavailable"]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await browser.call("stopAgent", { params: { agentId: agent.id } })).status).toBe(503);
    expect((await fetch(`${api.origin}/healthz`)).status).toBe(200);
    await line.mend();
    await expect.poll(async () => (await browser.call("health")).status, { timeout: 10_000 }).toBe(200);
    expect((await browser.call("me")).status).toBe(200);
  }

  expect(stream.hasEnded()).toBe(false);
  expect((await browser.call("stopAgent", { params: { agentId: agent.id } })).status).toBe(202);
  await expect
    .poll(() => stream.events.at(-1)?.data, { timeout: 10_000 })
    .toMatchObject({ type: "agent.stopped_requested" });
  stream.close();

  expect(await waitingHints()).toBe(1);
  const second = makeTestBrowser(api.origin);
  await second.signIn(api.startLink(), "after-outage@example.com");
  await second.call("deployAgent", { body: { name: "Bob", modelSource: "demo" } });
  expect(await waitingHints(), "the queue's own connections have healed too").toBe(2);
});
