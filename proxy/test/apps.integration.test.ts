import { once } from "node:events";
import { endSession } from "@automna/records/sessions";
import { hashPassword } from "@automna/service-kit/password-hash";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { hostOf, startAppsListener, type AppOwner, type AppsHarness, type VisitAnswer } from "./apps-harness.ts";
import { sendRaw, statuses } from "./raw-http.ts";
import { startStandInAgentd, type StandInAgentd } from "./stand-in-agentd.ts";

const PAGE = "<h1>roses</h1>";
const PASSWORD = "open sesame";

let database: TestDatabase;
let passwordHash: string;
let apps: AppsHarness;
let agentd: StandInAgentd;
let ada: AppOwner;
let woken: string[];
let isWakeable: boolean;

beforeAll(async () => {
  database = await createTestDatabase();
  passwordHash = await hashPassword(PASSWORD);
});
afterAll(() => database.drop());
beforeEach(async () => {
  woken = [];
  isWakeable = true;
  apps = await startAppsListener(database, {
    addressHeader: "x-test-address",
    async wakeAgent({ agentId }) {
      woken.push(agentId);
      return isWakeable;
    },
  });
  agentd = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt") });
  publish("/agentd/apps/shop/");
  ada = await apps.addOwner(agentd);
});
afterEach(async () => {
  await apps[Symbol.asyncDispose]();
  await agentd.crash();
});

const publish = (path: string, body = PAGE, headers: Record<string, string | string[]> = {}) =>
  agentd.answers.set(path, (_request, response) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...length, ...headers });
    response.end(body);
  });
const hide = (path: string) =>
  agentd.answers.set(path, (_request, response) => {
    response.writeHead(404, { "content-length": "0" }).end();
  });
const visit = (path = "/", headers: Record<string, string> = {}, name = "shop") =>
  apps.visit(hostOf(name, ada), path, { headers });
const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  apps.visit(hostOf("shop", ada), "/.automna/password", {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: `http://${hostOf("shop", ada)}`,
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  });
/** All that an answer tells, but for the number that each request has. */
const withoutId = ({ status, body, headers }: VisitAnswer) => {
  const { "x-request-id": _id, date: _date, ...others } = headers;
  return { status, body, headers: others };
};
const unknown = async () => withoutId(await apps.visit("shop--nobody.apps.test", "/"));

describe("a public app", () => {
  test("is served to anybody, by the apps key, and of the visitor nothing goes with it", async () => {
    await ada.setApp("shop");
    const answer = await visit("/?secret=query", {
      cookie: "__session=secret; other=1",
      authorization: "Bearer secret",
      "x-automna-internal": "mine",
      "x-automna-user": "user_mine",
      "x-forwarded-for": "6.6.6.6",
    });
    expect([answer.status, answer.body]).toEqual([200, PAGE]);
    expect(agentd.seen).toHaveLength(1);
    expect(agentd.seen[0]?.url).toBe("/agentd/apps/shop/");
    expect(JSON.stringify(agentd.seen[0])).not.toMatch(/secret|mine|6\.6\.6\.6/);
  });

  test("is served before its owner has ever looked at it", async () => {
    expect((await visit()).status).toBe(200);
  });

  test("sets no cookie, whatever its agent says", async () => {
    publish("/agentd/apps/shop/", PAGE, { "set-cookie": ["a=b; Domain=apps.test", "c=d"], "clear-site-data": '"*"' });
    const { headers } = await visit();
    expect([headers["set-cookie"], headers["clear-site-data"]]).toEqual([undefined, undefined]);
    expect(headers["content-security-policy"]).toContain("sandbox");
  });

  test("is not there when its agent says so; what it never had looks like nobody's host", async () => {
    hide("/agentd/apps/other/");
    expect(withoutId(await visit("/", {}, "other"))).toEqual(await unknown());
    await ada.setApp("shop");
    hide("/agentd/apps/shop/x");
    expect((await visit("/x")).status).toBe(404);
  });

  test("takes no WebSocket, no other method, and no service worker", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${apps.port}/`, { headers: { host: hostOf("shop", ada) } });
    const [error] = (await once(socket, "error")) as [Error];
    expect(error.message).toContain("404");
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      expect((await apps.visit(hostOf("shop", ada), "/", { method, headers: { "content-length": "0" } })).status).toBe(
        405,
      );
    expect((await visit("/sw.js", { "service-worker": "script" })).status).toBe(403);
    expect(agentd.seen).toEqual([]);
  });

  test("that is larger than allowed, or of no known length, is not passed on", async () => {
    publish("/agentd/apps/shop/big", "x", { "content-length": String(200 * 1024 * 1024) });
    expect((await visit("/big")).status).toBe(413);
    agentd.answers.set("/agentd/apps/shop/endless", (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("x");
    });
    expect((await visit("/endless")).status).toBe(503);
  });
});

describe("who must not see an app can't tell it from a host that was never given out:", () => {
  test("an app that is off", async () => {
    await ada.setApp("shop", { isOn: false });
    expect(withoutId(await visit())).toEqual(await unknown());
  });
  test("somebody else's private app", async () => {
    await ada.setApp("shop", { visibility: "private" });
    expect(withoutId(await visit())).toEqual(await unknown());
    expect(withoutId(await visit("/.automna/enter?ticket=x"))).toEqual(await unknown());
    expect(withoutId(await post({ password: PASSWORD }))).toEqual(await unknown());
  });
  test("an app of a suspended user, from the moment on at which that is known", async () => {
    await ada.setApp("shop");
    expect((await visit()).status).toBe(200);
    await ada.setUserState("suspended");
    await expect.poll(async () => (await visit()).status).toBe(404);
    expect(withoutId(await visit())).toEqual(await unknown());
  });
  test("a handle that was given up", async () => {
    expect((await visit()).status).toBe(200);
    await apps.db.handle.update({ where: { handle: ada.handle }, data: { releasedAt: new Date() } });
    await apps.db.$executeRaw`SELECT pg_notify('handle_changed', ${JSON.stringify({ handle: ada.handle })})`;
    await expect.poll(async () => withoutId(await visit())).toEqual(await unknown());
  });
  test("any host that is not exactly one of ours", async () => {
    const host = hostOf("shop", ada);
    for (const other of [`${host}.`, host.toUpperCase(), `${host}:80`, "apps.test", "127.0.0.1", `x.${host}`])
      expect(withoutId(await apps.visit(other, "/")), other).toEqual(await unknown());
    const twice = `GET / HTTP/1.1\r\nhost: ${host}\r\nhost: shop--nobody.apps.test\r\nconnection: close\r\n\r\n`;
    expect(statuses(await sendRaw(apps.port, twice))).toEqual([400]);
    const absolute = `GET http://${host}/ HTTP/1.1\r\nhost: shop--nobody.apps.test\r\nconnection: close\r\n\r\n`;
    expect(statuses(await sendRaw(apps.port, absolute))).toEqual([400]);
    expect(agentd.seen).toEqual([]);
  });
});

describe("a private app", () => {
  beforeEach(() => ada.setApp("shop", { visibility: "private" }));
  const enter = async (ticket: string, headers: Record<string, string> = {}) =>
    visit(`/.automna/enter?ticket=${ticket}`, headers);

  test("opens for its owner by a ticket, once, with a cookie of its own host", async () => {
    const ticket = await ada.ticket("shop");
    const entered = await enter(ticket);
    expect([entered.status, entered.headers.location]).toEqual([303, "/"]);
    expect(entered.headers["set-cookie"]?.[0]).toMatch(/^__Host-.*Secure; HttpOnly; SameSite=Lax/);
    const page = await visit("/", { cookie: entered.pass ?? "" });
    expect([page.status, page.body, page.headers["cache-control"]]).toEqual([200, PAGE, "private, no-store"]);
    expect(JSON.stringify(agentd.seen)).not.toContain("__Host-");
    expect((await enter(ticket)).status).toBe(404);
  });

  test("opens by no other app's ticket, nobody else's, and none that is old", async () => {
    publish("/agentd/apps/blog/");
    await ada.setApp("blog", { visibility: "private" });
    expect((await enter(await ada.ticket("blog"))).status).toBe(404);
    const bertsAgentd = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt") });
    const bert = await apps.addOwner(bertsAgentd);
    expect((await enter(await bert.ticket("shop"))).status).toBe(404);
    await bertsAgentd.crash();
    const old = await ada.ticket("shop");
    await apps.db.appTicket.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
    expect((await enter(old)).status).toBe(404);
  });

  test("closes when the owner signs out", async () => {
    const cookie = (await enter(await ada.ticket("shop"))).pass ?? "";
    expect((await visit("/", { cookie })).status).toBe(200);
    const signedOutAt = performance.now();
    await endSession(apps.db, ada.sessionId, new Date());
    await expect.poll(async () => (await visit("/", { cookie })).status).toBe(404);
    expect(performance.now() - signedOutAt).toBeLessThan(2_000);
  });

  test("does not open for the session cookie, which has no business here", async () => {
    expect((await visit("/", { cookie: "__session=whatever" })).status).toBe(404);
  });

  test("is no part of another site's page", async () => {
    const cookie = (await enter(await ada.ticket("shop"))).pass ?? "";
    const from = (site: string, mode: string, dest: string) =>
      visit("/", { cookie, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest });
    expect((await from("same-site", "no-cors", "script")).status).toBe(403);
    expect((await from("cross-site", "navigate", "iframe")).status).toBe(403);
    expect((await from("cross-site", "navigate", "document")).status).toBe(200);
    expect((await from("same-origin", "cors", "empty")).status).toBe(200);
  });
});

describe("an app with a password", () => {
  beforeEach(() => ada.setApp("shop", { visibility: "password", passwordHash }));

  test("asks, lets in who knows it, to the page they wanted", async () => {
    publish("/agentd/apps/shop/deep/page");
    const asked = await visit("/deep/page?x='1'");
    expect(asked.status).toBe(403);
    expect(asked.body).toContain('name="to" type="hidden" value="/deep/page"');
    expect(asked.headers["content-security-policy"]).toContain("default-src 'none'");
    const entered = await post({ password: PASSWORD, to: "/deep/page" });
    expect([entered.status, entered.headers.location]).toEqual([303, "/deep/page"]);
    expect((await visit("/deep/page", { cookie: entered.pass ?? "" })).body).toBe(PAGE);
  });

  test("refuses a wrong one, and says so without what was typed", async () => {
    const answer = await post({ password: "open sesam!" });
    expect([answer.status, answer.pass]).toEqual([403, null]);
    expect(answer.body).toContain("That is not the password.");
    expect(answer.body).not.toContain("sesam");
  });

  test("closes for everybody when it gets a new one", async () => {
    const cookie = (await post({ password: PASSWORD })).pass ?? "";
    expect((await visit("/", { cookie })).status).toBe(200);
    await ada.setApp("shop", { passwordHash: await hashPassword(PASSWORD) });
    await expect.poll(async () => (await visit("/", { cookie })).status).toBe(403);
  });

  test("can't be guessed: five tries from one address, then one has to wait", async () => {
    const guesses = Array.from({ length: 7 }, (_, tried) => post({ password: `guess number ${tried}` }));
    const answers = (await Promise.all(guesses)).toSorted((one, other) => one.status - other.status);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 429, 429]);
    expect(Number(answers[6]?.headers["retry-after"])).toBeGreaterThan(5);
    // The right one has to wait as well: else the answer would tell.
    expect((await post({ password: PASSWORD })).status).toBe(429);
    expect((await post({ password: PASSWORD }, { "x-test-address": "2.2.2.2" })).status).toBe(303);
  });

  test.each([
    ["another site's page", { origin: "https://evil.example" }],
    ["a neighbour's page", { origin: "http://other--ada.apps.test" }],
    ["a page without an origin", { origin: "null" }],
  ])("is not entered from %s", async (_what, headers) => {
    expect((await post({ password: PASSWORD }, headers)).status).toBe(403);
  });

  test("leads nowhere else afterwards", async () => {
    for (const to of ["//evil.example", "https://evil.example/", "/\\evil.example", "/.automna/enter", "/%0d%0ax"])
      expect((await post({ password: PASSWORD, to }, { "x-test-address": to })).headers.location, to).toBe("/");
  });

  test("wants a form of a sensible size", async () => {
    expect((await post({ password: "x".repeat(20_000) })).status).toBe(413);
    expect((await post({ password: PASSWORD }, { "content-type": "application/json" })).status).toBe(415);
  });

  test("opens for its owner without it", async () => {
    const entered = await visit(`/.automna/enter?ticket=${await ada.ticket("shop")}`);
    expect((await visit("/", { cookie: entered.pass ?? "" })).status).toBe(200);
  });
});

describe("while the agent does not answer", () => {
  test("a visitor gets a page that opens by itself when it starts", async () => {
    await ada.setApp("shop");
    await ada.setPhase("starting");
    await expect.poll(async () => (await visit()).status).toBe(503);
    const page = await visit();
    expect(page.body).toContain('http-equiv="refresh"');
    expect(Number(page.headers["retry-after"])).toBeGreaterThan(0);
    expect(page.body).not.toContain(ada.agentId);
  });

  test("a public visit wakes it, and a crowd of them once", async () => {
    await ada.setApp("shop");
    await ada.setPhase("asleep");
    await expect.poll(async () => (await visit()).status).toBe(503);
    const pages = await Promise.all(Array.from({ length: 20 }, () => visit()));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([503]));
    expect(woken).toEqual([ada.agentId]);
  });

  test("an address that the agent never told us of wakes nobody", async () => {
    await ada.setPhase("asleep");
    await expect.poll(async () => withoutId(await visit("/", {}, "guess"))).toEqual(await unknown());
    expect(woken).toEqual([]);
  });

  test("a password has to be shown before anybody is woken", async () => {
    await ada.setApp("shop", { visibility: "password", passwordHash });
    await ada.setPhase("asleep");
    await expect.poll(async () => (await visit()).status).toBe(403);
    expect(woken).toEqual([]);
    const cookie = (await post({ password: PASSWORD })).pass ?? "";
    expect((await visit("/", { cookie })).status).toBe(503);
    expect(woken).toEqual([ada.agentId]);
  });

  test("one that its owner stopped is said to be asleep, and not promised", async () => {
    isWakeable = false;
    await ada.setApp("shop");
    await ada.setPhase("asleep");
    await expect.poll(async () => (await visit()).body).toContain("asleep");
    expect((await visit()).body).not.toContain("refresh");
  });

  test("another slot on its port gets neither key nor path", async () => {
    await ada.setApp("shop");
    const stranger = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt"), isOpen: true });
    await apps.db.agent.update({ where: { id: ada.agentId }, data: { port: stranger.port } });
    await ada.setPhase("ready");
    await expect.poll(async () => (await visit()).status).toBe(502);
    expect(stranger.seen).toEqual([]);
    await stranger.crash();
  });

  test("one that is killed and comes back on another port is found", async () => {
    await ada.setApp("shop");
    expect((await visit()).status).toBe(200);
    await agentd.crash();
    expect((await visit()).status).toBe(503);
    const { slotId, agentId, rootKey } = agentd;
    agentd = await startStandInAgentd({ slotId, agentId, rootKey });
    publish("/agentd/apps/shop/");
    await apps.db.agent.update({ where: { id: ada.agentId }, data: { port: agentd.port } });
    // Nobody told the listener: the failed visit is what makes it look again.
    await expect.poll(async () => (await visit()).status).toBe(200);
  });
});

test("an app and an address may ask so much, and others go on", async () => {
  await using own = await startAppsListener(database, {
    limits: {
      app: { requestsPerS: 0.01, requestsBurst: 3, underWay: 64 },
      address: { requestsPerS: 100, requestsBurst: 100, underWay: 32 },
    },
  });
  const agentdOfBert = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt") });
  const bert = await own.addOwner(agentdOfBert);
  const ask = async (name: string) => (await own.visit(hostOf(name, bert), "/")).status;
  for (const name of ["shop", "blog"]) {
    agentdOfBert.answers.set(`/agentd/apps/${name}/`, (_request, response) => {
      response.writeHead(200, { "content-length": "1", "content-type": "text/html" }).end("x");
    });
  }
  const answers = [await ask("shop"), await ask("shop"), await ask("shop"), await ask("shop"), await ask("shop")];
  expect(answers.slice(0, 3)).toEqual([200, 200, 200]);
  expect(answers.at(-1)).toBe(429);
  expect(await ask("blog")).toBe(200);
  await agentdOfBert.crash();
});
