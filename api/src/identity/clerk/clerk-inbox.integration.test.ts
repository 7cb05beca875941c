import { startFakeClerk, type FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { HOUR_MS } from "@automna/core/shared/clock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../../testing/start-test-api.ts";
import { codeOf, makeTestBrowser } from "../../testing/test-browser.ts";
import { openClerk } from "./open-clerk.ts";

let database: TestDatabase;
let fake: FakeClerk;
let api: TestApi;
let offsetMs: number;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  fake = await startFakeClerk();
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    identity: "clerk",
    clerk: { client: openClerk(fake), webhookSecret: fake.webhookSecret },
    clockOffsetMs: () => offsetMs,
  });
  fake.setWebhookUrl(`${api.origin}/api/webhooks/clerk`);
});
// Closing throws when the vendor's description was broken.
afterEach(async () => {
  await api.close();
  await fake.close();
  await database.drop();
});

async function settle(): Promise<void> {
  await fake.deliverer.drained();
  await api.inbox.runOnce();
}

const me = (userId: string, sessionId: string) =>
  makeTestBrowser(api.origin).call("me", {
    headers: { authorization: `Bearer ${api.issuer.sign({ origin: api.origin, userId, sessionId }, Date.now())}` },
  });
const readUser = (id: string) => api.db.user.findUnique({ where: { id } });

test("who signs up is known with name and address, and changes arrive in whatever order", async () => {
  fake.deliverer.setFaults({ duplicate: 0.5, delayMs: 100 });
  const clerk = openClerk(fake);
  const { id } = fake.signUp("ann@example.com", { firstName: "Ann" });
  for (const lastName of ["One", "Two", "Three"]) await clerk.users.updateUser(id, { lastName });
  await settle();
  expect(await readUser(id)).toMatchObject({
    email: "ann@example.com",
    name: "Ann Three",
    state: "active",
    issuer: "clerk",
  });
  expect(await api.db.inboxEvent.count({ where: { state: { not: "done" } } })).toBe(0);
});

test("a token that comes before the news makes the user, and the news fill in the profile", async () => {
  const { id } = fake.signUp("ann@example.com");
  expect((await me(id, fake.signIn(id).sessionId)).status).toBe(200);
  await settle();
  expect(await readUser(id)).toMatchObject({ email: "ann@example.com" });
});

test("signing out ends the session's tokens at once, and no other session's", async () => {
  const { id } = fake.signUp("ann@example.com");
  const [gone, stays] = [fake.signIn(id), fake.signIn(id)];
  await settle();
  fake.signOut(gone.sessionId);
  await settle();
  expect(codeOf(await me(id, gone.sessionId))).toBe("session_expired");
  expect((await me(id, stays.sessionId)).status).toBe(200);
});

test("a ban keeps out, and lifting it lets in again", async () => {
  const clerk = openClerk(fake);
  const { id } = fake.signUp("ann@example.com");
  await settle();
  await clerk.users.banUser(id);
  await settle();
  expect(codeOf(await me(id, "sess_another1"))).toBe("forbidden");
  await clerk.users.unbanUser(id);
  await settle();
  expect((await me(id, "sess_another1")).status).toBe(200);
});

test("a deleted account: nobody gets in, the agent stops, its data stays, and the address is free again", async () => {
  const clerk = openClerk(fake);
  const { id } = fake.signUp("ann@example.com");
  await settle();
  const headers = {
    authorization: `Bearer ${api.issuer.sign({ origin: api.origin, userId: id, sessionId: "sess_1" }, Date.now())}`,
  };
  const deployed = await makeTestBrowser(api.origin).call("deployAgent", {
    headers,
    body: { name: "Ada", modelSource: "demo" },
  });
  expect(deployed.status).toBe(202);
  await clerk.users.deleteUser(id);
  await settle();
  expect(codeOf(await me(id, "sess_1"))).toBe("not_signed_in");
  expect(await api.db.agent.findFirst({ where: { userId: id } })).toMatchObject({
    desired: "stopped",
    deletedAt: null,
  });
  expect(await api.db.auditEvent.count({ where: { action: "user.deleted", subject: id } })).toBe(1);

  const again = fake.signUp("ann@example.com");
  await settle();
  expect(await readUser(again.id)).toMatchObject({ email: "ann@example.com", state: "active" });
});

test("late news of a deleted account do not bring it back, also when it was never known", async () => {
  fake.setWebhookUrl(null);
  const { id } = fake.signUp("ann@example.com");
  fake.setWebhookUrl(`${api.origin}/api/webhooks/clerk`);
  await openClerk(fake).users.deleteUser(id);
  await settle();
  expect(await readUser(id)).toMatchObject({ state: "deleted" });
  expect(codeOf(await me(id, "sess_1"))).toBe("not_signed_in");
});

test("Clerk being away delays the news and loses none", async () => {
  const { id } = fake.signUp("ann@example.com");
  await fake.deliverer.drained();
  fake.failNext(Infinity);
  await api.inbox.runOnce();
  expect(await readUser(id)).toBeNull();
  fake.failNext(0);
  offsetMs += HOUR_MS;
  await api.inbox.runOnce();
  expect(await readUser(id)).toMatchObject({ email: "ann@example.com" });
});
