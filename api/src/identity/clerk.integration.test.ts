import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), identity: "clerk" });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const userId = "user_2abcDEFghiJKLmnoPQRstuVWXyz";
const bearer = (claims: { userId: string; origin?: string }) => ({
  authorization: `Bearer ${api.issuer.sign({ origin: api.origin, sessionId: "sess_clerk1", ...claims }, Date.now())}`,
});

test("a user whom Clerk signed in is known from the first call on, once", async () => {
  const browser = makeTestBrowser(api.origin);
  const answers = await Promise.all([1, 2, 3].map(() => browser.call("me", { headers: bearer({ userId }) })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await api.db.user.findMany({ where: { id: userId } })).toMatchObject([
    { issuer: "clerk", email: `${userId}@clerk.invalid` },
  ]);
});

test("a token for another origin, and an id that is none, make no user", async () => {
  const browser = makeTestBrowser(api.origin);
  expect(
    codeOf(
      await browser.call("me", { headers: bearer({ userId: "user_otherorigin1", origin: "https://evil.example" }) }),
    ),
  ).toBe("not_signed_in");
  expect(codeOf(await browser.call("me", { headers: bearer({ userId: "../../etc" }) }))).toBe("not_signed_in");
  expect(await api.db.user.count()).toBe(1);
});

test("nothing of the local issuer is there", async () => {
  const browser = makeTestBrowser(api.origin);
  expect((await browser.open(api.startLink())).status).toBe(404);
  expect((await browser.call("localSignIn", { body: { email: "a@b.example" } })).status).toBe(404);
  expect((await browser.call("identity")).body).toMatchObject({ issuer: "clerk", admitted: false });
});
