import { createHash } from "node:crypto";
import { agentAnswerSchema } from "@automna/contract/agents";
import { appAnswerSchema, appListSchema, type FoundApp } from "@automna/contract/apps";
import { isPassword } from "@automna/service-kit/password-hash";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { codeOf, makeTestBrowser, type TestBrowser } from "../testing/test-browser.ts";
import { changeApp, rememberApps } from "./app-records.ts";
import { changeHandle, ensureHandle } from "./handles.ts";

const SHOP: FoundApp = { name: "shop", kind: "static", problem: null };
const GAME: FoundApp = { name: "game", kind: "process", problem: "process_not_supported" };

let database: TestDatabase;
let api: TestApi;
let browser: TestBrowser;
let userId: string;
let agentId: string;
let people = 0;
/** What agents answer; null = nothing. */
let published: FoundApp[] | null;
let asked: { userId: string; token: string }[];

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestApi({
    databaseUrl: database.urlAs("automna_api"),
    apps: {
      origin: "https://apps.example",
      async listPublished(owner) {
        asked.push(owner);
        return published;
      },
    },
  });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
beforeEach(async () => {
  people += 1;
  published = [SHOP, GAME];
  asked = [];
  browser = makeTestBrowser(api.origin);
  userId = await browser.signIn(api.startLink(), `apps${people}@example.com`);
  await api.db.user.update({ where: { id: userId }, data: { name: `Ada ${people}` } });
  const deployed = await browser.call("deployAgent", { body: { name: "Ada", modelSource: "demo" } });
  agentId = agentAnswerSchema.parse(deployed.body).agent.id;
  await setPhase("ready");
});

const setPhase = (phase: "ready" | "asleep") => api.db.agent.update({ where: { id: agentId }, data: { phase } });
const list = async () => appListSchema.parse((await browser.call("listApps", { params: { agentId } })).body);
const put = (name: string, body: unknown, by = browser) => by.call("putApp", { params: { agentId, name }, body });
const open = (name: string, by = browser) => by.call("openApp", { params: { agentId, name } });
const row = (name: string) => api.db.app.findUnique({ where: { agentId_name: { agentId, name } } });
const audits = async () =>
  (await api.db.auditEvent.findMany({ where: { userId, action: { startsWith: "app." } } })).map(({ data }) => data);

describe("the list", () => {
  test("tells what the agent has, where it is and who may see it; the agent is asked with its owner's session", async () => {
    expect(await list()).toMatchObject({
      handle: `ada-${people}`,
      isCurrent: true,
      apps: [
        { ...GAME, url: `https://game--ada-${people}.apps.example/`, isOn: true, visibility: "public" },
        { ...SHOP, url: `https://shop--ada-${people}.apps.example/`, isOn: true, hasPassword: false },
      ],
    });
    expect(asked).toEqual([{ userId, token: browser.cookies.get("__session") }]);
  });

  test("is remembered while the agent sleeps or does not answer, and says so", async () => {
    await list();
    published = null;
    expect(await list()).toMatchObject({ isCurrent: false, apps: [GAME, SHOP], askedAtMs: expect.any(Number) });
    await setPhase("asleep");
    asked = [];
    expect((await list()).apps).toHaveLength(2);
    expect(asked).toEqual([]);
  });

  test("of an agent that has published nothing is empty", async () => {
    published = [];
    expect(await list()).toMatchObject({ apps: [], isCurrent: true });
  });

  test("forgets an app that is gone, but not what was decided about it", async () => {
    await list();
    await put("shop", { visibility: "private" });
    published = [];
    expect((await list()).apps).toEqual([]);
    expect(await row("game")).toBeNull();
    published = [SHOP];
    expect((await list()).apps).toMatchObject([{ name: "shop", visibility: "private" }]);
  });

  test("asked twice at once remembers once, and names nobody twice", async () => {
    const both = await Promise.all([list(), list()]);
    expect(both[0].handle).toBe(both[1].handle);
    expect(await api.db.app.count({ where: { agentId } })).toBe(2);
    expect(await api.db.handle.count({ where: { userId } })).toBe(1);
  });
});

describe("who may see an app", () => {
  beforeEach(list);

  test("is what its owner says, once", async () => {
    const answer = await put("shop", { visibility: "private", isOn: false });
    expect(appAnswerSchema.parse(answer.body).app).toMatchObject({ visibility: "private", isOn: false });
    await put("shop", { visibility: "private", isOn: false });
    expect(await audits()).toEqual([{ name: "shop", isOn: false, visibility: "private", newPassword: false }]);
  });

  test("can be whoever knows the password, of which only a hash is kept and nothing is shown", async () => {
    expect(codeOf(await put("shop", { visibility: "password" }))).toBe("app_password_missing");
    const answer = await put("shop", { visibility: "password", password: "open sesame" });
    expect(appAnswerSchema.parse(answer.body).app).toMatchObject({ visibility: "password", hasPassword: true });
    expect(JSON.stringify(answer.body)).not.toContain("scrypt");
    expect(await isPassword("open sesame", (await row("shop"))?.passwordHash ?? "")).toBe(true);
    expect(JSON.stringify(await audits())).not.toContain("sesame");
    // The same word again is a new hash: whoever was let in by the old one is out.
    const before = await row("shop");
    await put("shop", { password: "open sesame" });
    expect((await row("shop"))?.passwordHash).not.toBe(before?.passwordHash);
  });

  test.each([{ password: "short" }, { visibility: "secret" }, { isOn: "yes" }, { passwordHash: "x" }])(
    "is not changed by %j",
    async (body) => {
      expect(codeOf(await put("shop", body))).toBe("invalid_request");
    },
  );

  test("is nobody else's business: for them there is no such agent", async () => {
    const stranger = makeTestBrowser(api.origin);
    await stranger.signIn(api.startLink(), `stranger${people}@example.com`);
    for (const answer of [
      await stranger.call("listApps", { params: { agentId } }),
      await put("shop", { visibility: "public" }, stranger),
      await open("shop", stranger),
    ])
      expect([answer.status, codeOf(answer)]).toEqual([404, "agent_not_found"]);
    expect(await api.db.appTicket.count({ where: { agentId } })).toBe(0);
  });

  test("an app that the agent does not have can't be changed or opened", async () => {
    expect(codeOf(await put("other", { isOn: false }))).toBe("app_not_found");
    expect(codeOf(await open("other"))).toBe("app_not_found");
  });

  test("a crash before the announcement leaves it as it was", async () => {
    const db = api.db.$extends({
      query: { auditEvent: { create: () => Promise.reject(new Error("crash")) } },
    }) as unknown as typeof api.db;
    await expect(changeApp(db, { id: agentId, userId }, "shop", { visibility: "private" })).rejects.toThrow("crash");
    expect(await row("shop")).toMatchObject({ visibility: "public" });
  });
});

describe("opening an app", () => {
  beforeEach(list);

  test("that is public is its address", async () => {
    expect((await open("shop")).body).toEqual({ url: `https://shop--ada-${people}.apps.example/` });
  });

  test("that is private is an address for one visit, of which the database has the hash alone", async () => {
    await put("shop", { visibility: "private" });
    const { url } = (await open("shop")).body as { url: string };
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    expect(url).toBe(`https://shop--ada-${people}.apps.example/.automna/enter?ticket=${ticket}`);
    const [stored] = await api.db.appTicket.findMany({ where: { agentId } });
    expect(stored).toMatchObject({ userId, name: "shop", sessionId: expect.stringMatching(/^sess_/) });
    expect(Buffer.from(stored?.hash ?? []).equals(createHash("sha256").update(ticket).digest())).toBe(true);
    expect(stored?.expiresAt.getTime()).toBeLessThan(Date.now() + 61_000);
  });
});

describe("a handle", () => {
  test("is made of the name, and of something else when that is taken", async () => {
    await api.db.user.update({ where: { id: userId }, data: { name: "Grace" } });
    expect(await ensureHandle(api.db, userId)).toBe("grace");
    const other = makeTestBrowser(api.origin);
    const otherId = await other.signIn(api.startLink(), `grace${people}@example.com`);
    await api.db.user.update({ where: { id: otherId }, data: { name: "Grace" } });
    expect(await ensureHandle(api.db, otherId)).toMatch(/^grace-[0-9a-f]{4}$/);
  });

  test("can be changed; the old one rests with its owner, who can take it back", async () => {
    await list();
    const change = (handle: string, by = browser) => by.call("putHandle", { body: { handle } });
    expect((await change(`Rose-${people}`)).body).toEqual({ handle: `rose-${people}` });
    expect((await list()).apps[0]?.url).toBe(`https://game--rose-${people}.apps.example/`);
    const stranger = makeTestBrowser(api.origin);
    await stranger.signIn(api.startLink(), `stranger-h${people}@example.com`);
    for (const handle of [`ada-${people}`, `rose-${people}`, "admin"])
      expect(codeOf(await change(handle, stranger))).toBe("handle_taken");
    expect((await change(`ada-${people}`)).status).toBe(200);
    expect(await api.db.handle.count({ where: { userId, releasedAt: null } })).toBe(1);
    for (const bad of ["a", "a--b", "-ab", "a.b", "x".repeat(30)])
      expect(codeOf(await change(bad))).toBe("invalid_request");
  });

  test("can't be collected", async () => {
    for (let index = 0; index < 5; index += 1) await changeHandle(api.db, userId, `many${people}-${index}`, new Date());
    await expect(changeHandle(api.db, userId, `many${people}-5`, new Date())).rejects.toThrow("too many names");
    expect(await ensureHandle(api.db, userId)).toBe(`many${people}-4`);
  });
});

test("an installation without an apps domain says so, and only to the agent's owner", async () => {
  const plain = await startTestApi({ databaseUrl: database.urlAs("automna_api"), apps: null });
  const owner = makeTestBrowser(plain.origin);
  await owner.signIn(plain.startLink(), `apps${people}@example.com`);
  const answer = await owner.call("listApps", { params: { agentId } });
  expect([answer.status, codeOf(answer)]).toEqual([409, "apps_unavailable"]);
  await plain.close();
});

test("what an agent says twice is announced once", async () => {
  const agent = { id: agentId, userId };
  await rememberApps(api.db, agent, [SHOP], new Date(1_000));
  await rememberApps(api.db, agent, [SHOP], new Date(2_000));
  expect(await row("shop")).toMatchObject({ seenAt: new Date(2_000) });
});
