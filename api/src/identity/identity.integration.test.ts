import { meSchema } from "@automna/contract/identity";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser } from "../testing/test-browser.ts";

let database: TestDatabase;
let api: TestApi;
let clockOffsetMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({ databaseUrl: database.urlAs("automna_api"), clockOffsetMs: () => clockOffsetMs });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const newBrowser = () => makeTestBrowser(api.origin);
const signedIn = async (email: string) => {
  const browser = newBrowser();
  const userId = await browser.signIn(api.startLink(), email);
  return { browser, userId };
};

test("an operator is who the installation names, also with a fresh token, and nobody else", async () => {
  const { browser } = await signedIn("Operator@example.com");
  const { browser: other } = await signedIn("someone@example.com");
  const roleOf = async (who: typeof browser) => meSchema.parse((await who.call("me")).body).role;
  expect([await roleOf(browser), await roleOf(other)]).toEqual(["operator", "customer"]);
  expect((await browser.call("localToken")).status).toBe(200);
  expect(await roleOf(browser)).toBe("operator");
});

test("what is for operators is refused to everybody else", () => {
  const { checkOperator } = api.guards;
  expect(() => checkOperator("operator")).not.toThrow();
  for (const role of ["customer", null] as const) expect(() => checkOperator(role)).toThrow(/not yours to use/);
});

describe("the start link", () => {
  test("admits one browser, once", async () => {
    const link = api.startLink();
    const first = newBrowser();
    const opened = await first.open(link);
    expect(opened.status).toBe(303);
    expect(opened.headers.get("location")).toBe("/sign-in");
    expect(opened.headers.get("set-cookie")).toMatch(/automna_admitted=.*HttpOnly; SameSite=Strict/);
    expect(await first.open(link)).toMatchObject({ status: 303 });

    const second = await newBrowser().open(link);
    expect([second.status, codeOf(second)]).toEqual([403, "start_link_invalid"]);
  });

  test("is not used up by a preview", async () => {
    const link = api.startLink();
    expect((await newBrowser().open(link, { "sec-purpose": "prefetch" })).status).toBe(403);
    expect((await newBrowser().open(link)).status).toBe(303);
  });

  test("that was changed is refused, and a person gets a page", async () => {
    const link = api.startLink().replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    const answer = await newBrowser().open(link, { "sec-fetch-dest": "document" });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    expect(answer.body).toContain("start link has been used or has expired");
  });
});

describe("signing in", () => {
  test("works for an admitted browser, and the same address is the same user", async () => {
    const { browser, userId } = await signedIn("Ada@Example.com");
    const me = await browser.call("me");
    expect(meSchema.parse(me.body)).toMatchObject({ user: { id: userId, email: "ada@example.com" }, key: null });
    expect((await signedIn("ada@example.com")).userId).toBe(userId);
    expect((await signedIn("bob@example.com")).userId).not.toBe(userId);
  });

  test("is refused without admission, from another origin and without any", async () => {
    const body = { email: "eve@example.com", name: "" };
    expect(codeOf(await newBrowser().call("localSignIn", { body }))).toBe("browser_not_admitted");
    const admitted = newBrowser();
    await admitted.open(api.startLink());
    expect(codeOf(await admitted.call("localSignIn", { body, headers: { origin: "https://evil.example" } }))).toBe(
      "wrong_origin",
    );
    const silent = await fetch(`${api.origin}/api/identity/local/sign-in`, {
      method: "POST",
      headers: { cookie: admitted.cookieHeader(), "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(silent.status).toBe(403);
    expect(await api.db.user.count({ where: { email: body.email } })).toBe(0);
  });

  test("again in the same browser ends the session before", async () => {
    const { browser } = await signedIn("twice@example.com");
    const before = browser.cookies.get("__session") ?? "";
    await browser.call("localSignIn", { body: { email: "twice@example.com" } });
    const old = await newBrowser().call("me", { headers: { authorization: `Bearer ${before}` } });
    expect(codeOf(old)).toBe("session_expired");
    expect((await browser.call("me")).status).toBe(200);
  });

  test("names the fields that are wrong", async () => {
    const browser = newBrowser();
    await browser.open(api.startLink());
    const answer = await browser.call("localSignIn", { body: { email: "nobody" } });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: {
          code: "invalid_request",
          details: { issues: [{ field: "email", message: "Please enter an e-mail address." }] },
        },
      },
    });
  });
});

describe("a session", () => {
  test("is refreshed by its cookie after its token expired, and not after it was ended", async () => {
    const { browser } = await signedIn("refresh@example.com");
    const token = browser.cookies.get("__session") ?? "";
    browser.cookies.delete("__session");
    expect(codeOf(await browser.call("me"))).toBe("not_signed_in");
    expect((await browser.call("localToken")).status).toBe(200);
    expect((await browser.call("me")).status).toBe(200);

    const refresh = browser.cookies.get("automna_local") ?? "";
    expect((await browser.call("localSignOut")).status).toBe(204);
    expect([...browser.cookies.keys()]).toEqual(["automna_admitted"]);
    for (const headers of [{ cookie: `__session=${token}` }, { authorization: `Bearer ${token}` }]) {
      expect(codeOf(await newBrowser().call("me", { headers }))).toBe("session_expired");
    }
    expect(codeOf(await newBrowser().call("localToken", { headers: { cookie: `automna_local=${refresh}` } }))).toBe(
      "session_expired",
    );
    expect((await browser.call("localSignOut")).status).toBe(204);
  });

  test("that another service ended is refused at once", async () => {
    const { browser, userId } = await signedIn("elsewhere@example.com");
    expect((await browser.call("me")).status).toBe(200);
    const session = await api.db.session.findFirstOrThrow({ where: { userId } });
    await api.db.session.update({ where: { id: session.id }, data: { endedAt: new Date() } });
    expect(codeOf(await browser.call("me"))).toBe("session_expired");
  });

  test("of a suspended user is refused, and so is signing in", async () => {
    const { browser, userId } = await signedIn("suspended@example.com");
    await api.db.user.update({ where: { id: userId }, data: { state: "suspended" } });
    expect(codeOf(await browser.call("me"))).toBe("forbidden");
    expect(codeOf(await browser.call("localToken"))).toBe("forbidden");
  });

  test("of nobody whom the platform knows is refused although the token is good", async () => {
    const token = api.issuer.sign({ origin: api.origin }, Date.now());
    expect((await newBrowser().call("me", { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  });

  test("whose token time has run out is expired", async () => {
    const { browser } = await signedIn("late@example.com");
    expect((await browser.call("me")).status).toBe(200);
    clockOffsetMs = 400_000;
    expect(codeOf(await browser.call("me"))).toBe("session_expired");
    clockOffsetMs = 0;
  });
});

describe("this machine only", () => {
  test("anything forwarded is refused on every route but health", async () => {
    const { browser } = await signedIn("tunnel@example.com");
    for (const headers of [
      { "x-forwarded-for": "1.2.3.4" },
      { "cf-ray": "1" },
      { forwarded: "for=1.2.3.4" },
    ] as const) {
      expect(codeOf(await browser.call("me", { headers }))).toBe("local_identity_refused");
      expect(codeOf(await browser.call("localToken", { headers }))).toBe("local_identity_refused");
    }
    expect((await browser.call("health", { headers: { "x-forwarded-for": "1.2.3.4" } })).status).toBe(200);
  });
});

describe("GET /api/identity", () => {
  test("tells what this browser may do", async () => {
    const browser = newBrowser();
    const info = async () => (await browser.call("identity")).body;
    expect(await info()).toEqual({
      issuer: "local",
      admitted: false,
      signedIn: false,
      clerkPublishableKey: null,
      clerkFrontendUrl: null,
    });
    await browser.signIn(api.startLink(), "info@example.com");
    expect(await info()).toEqual({
      issuer: "local",
      admitted: true,
      signedIn: true,
      clerkPublishableKey: null,
      clerkFrontendUrl: null,
    });
  });
});
