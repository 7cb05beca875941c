import { unseal } from "@automna/service-kit/secret-box";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";

const good = newAnthropicKey();
const limited = newAnthropicKey();
const unpaid = newAnthropicKey();
let database: TestDatabase;
let provider: FakeAnthropic;
let api: TestApi;
let browser: TestBrowser;
let userId: string;
let people = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  provider = await startFakeAnthropic({ keys: { [good]: "good", [limited]: "limited", [unpaid]: "unpaid" } });
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), modelProviderUrl: provider.url });
});
afterAll(async () => {
  await api.close();
  await provider.close();
  await database.drop();
});
beforeEach(async () => {
  people += 1;
  browser = makeTestBrowser(api.origin);
  userId = await browser.signIn(api.startLink(), `key${people}@example.com`);
});

const put = (key: string) => browser.call("putKey", { body: { key } });

test("a key that the provider accepts is sealed for its owner, and only its end is ever shown", async () => {
  const answer = await put(`  ${good} `);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ key: { provider: "anthropic", last4: good.slice(-4) } });
  expect(
    JSON.stringify([answer.body, (await browser.call("me")).body, (await browser.call("getKey")).body]),
  ).not.toContain(good.slice(0, -4));

  const row = await api.db.modelKey.findUniqueOrThrow({ where: { userId } });
  expect(Buffer.from(row.envelope).includes(good)).toBe(false);
  expect(unseal(api.modelKeyRing, row.envelope, { owner: userId, kind: "model_key" }).toString()).toBe(good);
  expect(() => unseal(api.modelKeyRing, row.envelope, { owner: "user_somebodyelse", kind: "model_key" })).toThrow(
    "sealed value",
  );
  expect(provider.requests().at(-1)).toMatchObject({
    method: "GET",
    headers: { "x-api-key": good, "anthropic-version": "2023-06-01" },
  });
});

test("the provider's word on a bad key reaches the person, and nothing is stored", async () => {
  expect(codeOf(await put(newAnthropicKey()))).toBe("key_invalid");
  expect(codeOf(await put(limited))).toBe("key_limited");
  expect(codeOf(await put(unpaid))).toBe("key_limited");
  expect(await api.db.modelKey.count({ where: { userId } })).toBe(0);
});

test("a refused key leaves the one that is there", async () => {
  await put(good);
  await put(newAnthropicKey());
  expect((await browser.call("getKey")).body).toMatchObject({ key: { last4: good.slice(-4) } });
});

test("a subscription's token is never sent to anybody", async () => {
  const before = provider.requests().length;
  const answer = await put("sk-ant-oat01-0123456789abcdefghij");
  expect([answer.status, codeOf(answer)]).toEqual([422, "key_subscription_refused"]);
  expect(provider.requests()).toHaveLength(before);
});

test("a provider that does not answer is not the key's fault", async () => {
  const lonely = await startTestApi({ databaseUrl: database.urlAs("automna_api") });
  try {
    const other = makeTestBrowser(lonely.origin);
    await other.signIn(lonely.startLink(), "lonely@example.com");
    expect(codeOf(await other.call("putKey", { body: { key: good } }))).toBe("provider_unreachable");
  } finally {
    await lonely.close();
  }
});

test("a key is forgotten, also twice, and a stranger's stays", async () => {
  await put(good);
  const stranger = makeTestBrowser(api.origin);
  await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
  expect((await stranger.call("getKey")).body).toEqual({ key: null });
  await stranger.call("deleteKey");
  expect((await browser.call("getKey")).body).toMatchObject({ key: { last4: good.slice(-4) } });
  for (const _time of [1, 2]) expect((await browser.call("deleteKey")).body).toEqual({ key: null });
  expect(await api.db.auditEvent.count({ where: { userId, action: "key.deleted" } })).toBe(1);
});

test("a key in a wrong request is not in the answer", async () => {
  for (const body of [{ key: good, extra: good }, { key: [good] }, `{"key":"${good}"`]) {
    const answer = await browser.call("putKey", { body });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain(good);
  }
});
