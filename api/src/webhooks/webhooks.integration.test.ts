import { startFakeClerk, type FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStripe } from "../billing/open-stripe.ts";
import { openClerk } from "../identity/clerk/open-clerk.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let database: TestDatabase;
let fake: FakeStripe;
let clerk: FakeClerk;
let api: TestApi;

beforeEach(async () => {
  database = await createTestDatabase();
  [fake, clerk] = await Promise.all([startFakeStripe(), startFakeClerk()]);
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    identity: "clerk",
    stripe: { stripe: openStripe({ key: fake.apiKey, url: fake.url }), webhookSecret: fake.webhookSecret },
    clerk: { client: openClerk(clerk), webhookSecret: clerk.webhookSecret },
  });
});
afterEach(async () => {
  await api.close();
  await Promise.all([fake.close(), clerk.close()]);
  await database.drop();
});

const eventOf = (id: string, type = "customer.updated") =>
  JSON.stringify({ id, type, created: 1, data: { object: { id: "cus_1", object: "customer" } } });
const deliver = async (body: string, headers: Record<string, string>, vendor = "stripe") => {
  const answer = await fetch(`${api.origin}/api/webhooks/${vendor}`, { method: "POST", headers, body });
  const told = (await answer.json()) as { error?: { code: string } };
  return [answer.status, told.error?.code ?? null];
};
const signed = (body: string, atS?: number, secret?: string) => ({
  "content-type": "application/json",
  "stripe-signature": fake.sign(body, atS, secret),
});
const kept = () => api.db.inboxEvent.count();
const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;

test("what the vendor signed is kept once, however often it comes and whatever its type, and the vendor is content", async () => {
  const body = eventOf("evt_1");
  const answers = await Promise.all(Array.from({ length: 5 }, () => deliver(body, signed(body))));
  expect(answers).toEqual(Array.from({ length: 5 }, () => [200, null]));
  expect(await kept()).toBe(1);
  const unknown = eventOf("evt_2", "something.nobody_knows");
  expect(await deliver(unknown, signed(unknown))).toEqual([200, null]);
  await api.inbox.runOnce();
  expect(await api.db.inboxEvent.count({ where: { state: "waiting" } })).toBe(0);
});

test("what is forged, changed, old, or signed with another key or for the other vendor has no effect and is counted", async () => {
  const body = eventOf("evt_1");
  const attacks: [string, Record<string, string>, string?][] = [
    [body, {}],
    [body, { "stripe-signature": "t=1,v1=00" }],
    [body, signed(body, undefined, "whsec_another")],
    [body.replace("cus_1", "cus_2"), signed(body)],
    [body, signed(body, secondsAgo(301))],
    [body, signed(body), "clerk"],
  ];
  for (const attack of attacks) expect(await deliver(...attack)).toEqual([400, "webhook_refused"]);
  expect(await kept()).toBe(0);
  await api.refusals.flushed();
  const counted = await api.db.inboxRefusal.findMany();
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(attacks.length);
});

test("a body that is too large is not read to its end, signed or not", async () => {
  const body = JSON.stringify({ id: "evt_1", padding: "x".repeat(600 * 1_024) });
  expect(await deliver(body, signed(body))).toEqual([413, "body_too_large"]);
  expect(await kept()).toBe(0);
});

test("a signed text that is no event is refused without its words", async () => {
  const body = '{"id":"evt_1","secret":"card number"}';
  const answer = await fetch(`${api.origin}/api/webhooks/stripe`, { method: "POST", headers: signed(body), body });
  expect(answer.status).toBe(400);
  expect(await answer.text()).not.toContain("card number");
  expect(await kept()).toBe(0);
});
