import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

let ingress: IngressHarness;
let anna: TestCustomer;
let bert: TestCustomer;

beforeAll(async () => {
  ingress = await startIngress();
  anna = await ingress.addCustomer({ isOpen: true });
  bert = await ingress.addCustomer();
});
afterAll(() => ingress[Symbol.asyncDispose]());

const ask = (path: string, init: RequestInit & { as?: TestCustomer | null } = {}) => {
  const { as = anna, headers, ...rest } = init;
  return fetch(`${ingress.url}${path}`, {
    redirect: "manual",
    ...rest,
    headers: {
      origin: ORIGIN,
      ...(as === null ? {} : { cookie: as.cookie() }),
      ...(headers as Record<string, string>),
    },
  });
};

/** A JSON answer; tests look at single fields of it. */
const json = async (answer: Response) =>
  (await answer.json()) as { error: { code: string; requestId: string }; body: string };

const until = async (isSo: () => boolean | Promise<boolean>, timeoutMs = 3_000) => {
  const untilMs = Date.now() + timeoutMs;
  while (!(await isSo())) {
    expect(Date.now()).toBeLessThan(untilMs);
    await sleep(10);
  }
};

test("an owner's request reaches their agent, with the rest of the path as sent", async () => {
  const answer = await ask(`/a/${anna.userId}/files/a%20b.txt?q=%2F%2E&x=1`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ slotId: anna.backend.slotId, url: "/files/a%20b.txt?q=%2F%2E&x=1" });
});

test("a body is passed on and answered", async () => {
  const body = "x".repeat(300_000);
  const answer = await ask(`/a/${anna.userId}/upload`, { method: "POST", body });
  expect((await json(answer)).body).toBe(body);
});

test("session cookie and Authorization never arrive at the agent, nor what only the platform may say", async () => {
  anna.backend.seen.length = 0;
  const forged = {
    "x-automna-user": "user_forged000",
    "x-openclaw-scopes": "operator.admin",
    "x-forwarded-for": "9.9.9.9",
    "cf-connecting-ip": "9.9.9.9",
    forwarded: "for=9.9.9.9",
  };
  await ask(`/a/${anna.userId}/x`, {
    headers: { ...forged, authorization: `Bearer ${anna.token()}`, cookie: `other=1` },
  });
  await ask(`/a/${anna.userId}/y`, { headers: forged });
  expect(anna.backend.seen).toHaveLength(2);
  for (const { headers, rawHeaders } of anna.backend.seen) {
    expect(rawHeaders.join("\n")).not.toMatch(/__session|Bearer|forged|9\.9\.9\.9|operator/);
    expect(headers["cookie"]).toBeUndefined();
    expect(headers["x-automna-user"]).toBe(anna.userId);
    expect(headers["x-forwarded-proto"]).toBe("http");
    expect(headers["x-request-id"]).toMatch(/^req_/);
  }
});

test("another user's agent looks like one that does not exist, and hears nothing", async () => {
  bert.backend.seen.length = 0;
  const others = await ask(`/a/${bert.userId}/files`);
  const nobody = await ask(`/a/user_00000000000000000000/files`);
  expect([others.status, nobody.status]).toEqual([404, 404]);
  const [first, second] = [await json(others), await json(nobody)];
  expect({ ...first.error, requestId: "" }).toEqual({ ...second.error, requestId: "" });
  expect(bert.backend.seen).toHaveLength(0);
});

test.each([
  ["no session", {}, 401],
  ["a tampered one", { cookie: () => `__session=${anna.token().slice(0, -4)}AAAA` }, 401],
  ["an expired one", { cookie: () => `__session=${anna.token({ iat: 1_000, exp: 2_000 })}` }, 401],
  [
    "one that was made too long ago",
    { cookie: () => `__session=${anna.token({ iat: Math.floor(Date.now() / 1_000) - 3_600 })}` },
    401,
  ],
  ["two session cookies", { cookie: () => `${anna.cookie()}; ${anna.cookie()}` }, 401],
  [
    "a cookie and a bearer that differ",
    { cookie: () => anna.cookie(), authorization: () => `Bearer ${bert.token()}` },
    401,
  ],
  [
    "another user's bearer beside the owner's cookie",
    { cookie: () => anna.cookie(), authorization: () => "Bearer x" },
    401,
  ],
])("a request with %s is refused", async (_what, headers, status) => {
  anna.backend.seen.length = 0;
  const made = Object.fromEntries(Object.entries(headers).map(([name, make]) => [name, make()]));
  const answer = await ask(`/a/${anna.userId}/x`, { as: null, headers: made });
  expect(answer.status).toBe(status);
  expect(anna.backend.seen).toHaveLength(0);
});

test.each([
  ["POST from another origin", "POST", { origin: "https://evil.example" }],
  ["GET from another origin", "GET", { origin: "https://evil.example" }],
  ["GET that the browser calls cross-site", "GET", { "sec-fetch-site": "cross-site" }],
  ["POST from a sibling domain", "POST", { origin: "", "sec-fetch-site": "same-site" }],
])("%s is refused although the cookie came along", async (_what, method, headers) => {
  anna.backend.seen.length = 0;
  const answer = await ask(`/a/${anna.userId}/x`, { method, headers });
  expect(answer.status).toBe(403);
  expect((await json(answer)).error.code).toBe("wrong_origin");
  expect(anna.backend.seen).toHaveLength(0);
});

test("a change without a word about its origin needs a bearer token", async () => {
  const send = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const sent = httpRequest(`${ingress.url}/a/${anna.userId}/x`, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      sent.on("error", reject).end();
    });
  expect(await send({ cookie: anna.cookie() })).toBe(403);
  expect(await send({ authorization: `Bearer ${anna.token()}` })).toBe(200);
});

test("agentd's control paths are refused in any spelling, and its proof is for nobody else", async () => {
  anna.backend.seen.length = 0;
  for (const path of [
    "/_automna/status",
    "/agentd/apps/shop/",
    "/agentd/apps",
    "/AgentD/Apps/shop/",
    "/agentd/%61pps/shop/",
    "/_AUTOMNA/claim",
    "/%5fautomna/status",
    "/%5F%61utomna",
    "/_automna",
    "/_automna;x/status",
    "/healthz?nonce=00000000000000000000000000000000",
  ]) {
    const answer = await ask(`/a/${anna.userId}${path}`);
    expect([path, answer.status]).toEqual([path, 404]);
  }
  expect(anna.backend.seen).toHaveLength(0);
  expect((await ask(`/a/${anna.userId}/healthz`)).status).toBe(200);
});

test("a navigation gets the platform's own answer and never the agent's", async () => {
  anna.backend.seen.length = 0;
  const navigation = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
  const chat = await ask(`/a/${anna.userId}/chat`, { as: null, headers: navigation });
  expect([chat.status, chat.headers.get("location")]).toEqual([303, "/dashboard"]);
  const file = await ask(`/a/${anna.userId}/files/page.html`, { headers: navigation });
  expect(file.status).toBe(404);
  expect(file.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(
    (
      await ask(`/a/${anna.userId}/sw.js`, {
        headers: { "sec-fetch-dest": "serviceworker", "service-worker": "script" },
      })
    ).status,
  ).toBe(403);
  expect(anna.backend.seen).toHaveLength(0);
});

test("hostile response headers stay behind, and a page is a download", async () => {
  anna.backend.answers.set("/hostile", (_request, response) => {
    response.writeHead(302, {
      "content-type": "text/html",
      "set-cookie": "__session=stolen; Path=/",
      "clear-site-data": '"*"',
      "service-worker-allowed": "/",
      "content-security-policy": "default-src *",
      "access-control-allow-origin": "*",
      refresh: "0;url=https://evil.example",
      location: "//evil.example/x",
      "cache-control": "public, max-age=999",
    });
    response.end("<script>1</script>");
  });
  const answer = await ask(`/a/${anna.userId}/hostile`);
  expect(answer.status).toBe(302);
  for (const name of [
    "set-cookie",
    "clear-site-data",
    "service-worker-allowed",
    "access-control-allow-origin",
    "refresh",
    "location",
  ]) {
    expect([name, answer.headers.get(name)]).toEqual([name, null]);
  }
  expect(answer.headers.get("content-disposition")).toBe("attachment");
  expect(answer.headers.get("content-security-policy")).toContain("sandbox");
  expect(answer.headers.get("cache-control")).toBe("private, no-store");
});

test("an event stream arrives event by event", async () => {
  anna.backend.answers.set("/events", async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (let index = 0; index < 3; index += 1) {
      await sleep(120);
      response.write(`data: ${index}\n\n`);
    }
    response.end();
  });
  const startedAt = performance.now();
  const answer = await ask(`/a/${anna.userId}/events`);
  expect(performance.now() - startedAt).toBeLessThan(110);
  const times: number[] = [];
  for await (const _chunk of answer.body ?? []) times.push(performance.now() - startedAt);
  expect(times).toHaveLength(3);
  expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(150);
});

test("a large answer arrives whole, also for a slow reader, and isn't collected on the way", async () => {
  const part = Buffer.alloc(64 * 1024, 7);
  let written = 0;
  anna.backend.answers.set("/large", async (_request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    for (let index = 0; index < 640; index += 1) {
      written += part.length;
      if (!response.write(part)) await once(response, "drain");
    }
    response.end();
  });
  const answer = await ask(`/a/${anna.userId}/large`);
  await sleep(300);
  expect(written).toBeLessThan(16 * 1024 * 1024);
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    hash.update(chunk);
  }
  expect(size).toBe(640 * part.length);
});

test("HEAD, 204 and 304 have no body", async () => {
  anna.backend.answers.set("/none", (_request, response) => void response.writeHead(204).end());
  anna.backend.answers.set("/same", (_request, response) => void response.writeHead(304, { etag: '"1"' }).end());
  anna.backend.answers.set(
    "/sized",
    (_request, response) =>
      void response.writeHead(200, { "content-length": "5", "content-type": "text/plain" }).end("hello"),
  );
  expect((await ask(`/a/${anna.userId}/none`)).status).toBe(204);
  const same = await ask(`/a/${anna.userId}/same`);
  expect([same.status, same.headers.get("etag")]).toEqual([304, '"1"']);
  const head = await ask(`/a/${anna.userId}/sized`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
});

test("Expect: 100-continue is answered after the checks, not before", async () => {
  const talk = (cookie: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(ingress.port, "127.0.0.1");
      let answer = "";
      socket.on("data", (chunk) => {
        answer += chunk;
        if (answer === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("hello");
      });
      socket.on("close", () => resolve(answer)).on("error", () => resolve(answer));
      socket.write(
        `POST /a/${anna.userId}/expect HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${cookie}\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\n`,
      );
    });
  expect(await talk(anna.cookie())).toMatch(/^HTTP\/1\.1 100 Continue[\s\S]*200 OK[\s\S]*"body":"hello"/);
  const refused = await talk("none=1");
  expect(refused).toMatch(/^HTTP\/1\.1 401/);
});

test("50 callers who leave, and 20 who leave an event stream, leave no connection to the agent", async () => {
  anna.backend.answers.set("/silent", () => undefined);
  const before = anna.backend.sockets();
  const leave = async (path: string) => {
    const leaving = new AbortController();
    const asked = ask(path, { signal: leaving.signal }).catch(() => null);
    await sleep(60);
    leaving.abort();
    await asked;
  };
  await Promise.all(Array.from({ length: 50 }, () => leave(`/a/${anna.userId}/silent`)));
  await Promise.all(Array.from({ length: 20 }, () => leave(`/a/${anna.userId}/events`)));
  await until(() => anna.backend.sockets() <= before);
  await until(() => ingress.underWay() === 0);
});

test("an agent that dies in mid-answer cuts the answer short", async () => {
  bert.backend.answers.set("/dies", (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
    response.write("half");
    setTimeout(() => response.destroy(), 50);
  });
  const answer = await ask(`/a/${bert.userId}/dies`, { as: bert });
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow("terminated");
});

test("an answer that comes before the end of a large upload arrives", async () => {
  bert.backend.answers.set(
    "/too-large",
    (_request, response) =>
      void response.writeHead(413, { "content-type": "text/plain", connection: "close" }).end("no"),
  );
  const answer = await new Promise<number>((resolve, reject) => {
    const sent = httpRequest(
      `${ingress.url}/a/${bert.userId}/too-large`,
      { method: "POST", headers: { origin: ORIGIN, cookie: bert.cookie() } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sent.on("error", reject);
    const timer = setInterval(() => sent.write(Buffer.alloc(16_384)), 5);
    sent.on("close", () => clearInterval(timer));
  });
  expect(answer).toBe(413);
});

test.each([
  ["starting", 503, "agent_starting"],
  ["asleep", 503, "agent_asleep"],
  ["failing", 503, "agent_unavailable"],
  ["deleting", 404, "agent_not_found"],
] as const)("an agent that is %s answers %i %s", async (phase, status, code) => {
  const carl = await ingress.addCustomer();
  carl.record.phase = phase;
  const answer = await ask(`/a/${carl.userId}/x`, { as: carl });
  expect([answer.status, (await json(answer)).error.code]).toEqual([status, code]);
  if (status === 503) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("a change of route is followed after its notification", async () => {
  const dora = await ingress.addCustomer();
  expect((await ask(`/a/${dora.userId}/x`, { as: dora })).status).toBe(200);
  dora.record.phase = "asleep";
  expect((await ask(`/a/${dora.userId}/x`, { as: dora })).status).toBe(200);
  ingress.listener.emit("agent_changed", { agentId: dora.backend.agentId, userId: dora.userId });
  expect((await ask(`/a/${dora.userId}/x`, { as: dora })).status).toBe(503);
});

test("a suspended user is refused, also while the database is down", async () => {
  const emil = await ingress.addCustomer();
  expect((await ask(`/a/${emil.userId}/x`, { as: emil })).status).toBe(200);
  emil.record.userState = "suspended";
  ingress.listener.emit("user_changed", { userId: emil.userId });
  expect((await ask(`/a/${emil.userId}/x`, { as: emil })).status).toBe(403);
  ingress.database.isDown = true;
  ingress.listener.emit("user_changed", { userId: emil.userId });
  expect((await ask(`/a/${emil.userId}/x`, { as: emil })).status).toBe(503);
  ingress.database.isDown = false;
  await until(async () => (await ask(`/a/${emil.userId}/x`, { as: emil })).status === 403);
});

test("sign-out ends the session's tokens and what is under way", async () => {
  const gina = await ingress.addCustomer();
  gina.backend.answers.set(
    "/stream",
    (_request, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n"),
  );
  const cookie = gina.cookie();
  const answer = await ask(`/a/${gina.userId}/stream`, { as: null, headers: { cookie } });
  const ended = answer.text().then(
    () => "whole",
    () => "cut",
  );
  ingress.listener.emit("session_ended", { sessionId: gina.sessionId, userId: gina.userId });
  expect(await ended).toBe("cut");
  const after = await ask(`/a/${gina.userId}/x`, { as: null, headers: { cookie } });
  expect([after.status, (await json(after)).error.code]).toEqual([401, "session_expired"]);
});

test("while the database is down, a known route serves and an unknown one says that it will be back", async () => {
  const fred = await ingress.addCustomer();
  const frida = await ingress.addCustomer();
  expect((await ask(`/a/${fred.userId}/x`, { as: fred })).status).toBe(200);
  ingress.database.isDown = true;
  ingress.listener.setConnected(false);
  ingress.listener.reconnect();
  expect((await ask(`/a/${fred.userId}/x`, { as: fred })).status).toBe(200);
  const unknown = await ask(`/a/${frida.userId}/x`, { as: frida });
  expect([unknown.status, (await json(unknown)).error.code]).toEqual([503, "service_unavailable"]);
  ingress.database.isDown = false;
  ingress.listener.setConnected(true);
  await until(async () => (await ask(`/a/${frida.userId}/x`, { as: frida })).status === 200);
});

test("a port that another slot answers on gets neither headers nor body", async () => {
  const hugo = await ingress.addCustomer();
  hugo.record.port = anna.backend.port;
  anna.backend.seen.length = 0;
  const answer = await ask(`/a/${hugo.userId}/x`, { as: hugo, method: "POST", body: "a secret" });
  expect([answer.status, (await json(answer)).error.code]).toEqual([502, "backend_unproven"]);
  expect(anna.backend.seen).toHaveLength(0);
});

test("an address that moved is looked up again after a failed connection, without a notification", async () => {
  const ida = await ingress.addCustomer();
  const { port } = ida.backend;
  ida.record.port = 1;
  expect((await ask(`/a/${ida.userId}/x`, { as: ida })).status).toBe(503);
  ingress.listener.emit("agent_changed", { agentId: ida.backend.agentId, userId: ida.userId });
  await ask(`/a/${ida.userId}/x`, { as: ida });
  ida.record.port = port;
  const answer = await ask(`/a/${ida.userId}/x`, { as: ida, method: "POST", body: "kept" });
  expect([answer.status, (await json(answer)).body]).toEqual([200, "kept"]);
});

test("an agent's header with characters that may not be sent is an error, not a crash", async () => {
  const jana = await ingress.addCustomer();
  jana.backend.answers.set("/odd", (request) => {
    request.socket.end("HTTP/1.1 200 OK\r\nEtag: a\x00b\r\nContent-Length: 2\r\n\r\nok", "latin1");
  });
  const answer = await ask(`/a/${jana.userId}/odd`, { as: jana });
  expect(answer.status).toBe(503);
  expect((await ask(`/a/${jana.userId}/x`, { as: jana })).status).toBe(200);
});

test("an upload that falls silent does not survive its caller, and the next one works", async () => {
  const kurt = await ingress.addCustomer();
  const before = kurt.backend.sockets();
  const sent = httpRequest(`${ingress.url}/a/${kurt.userId}/upload`, {
    method: "POST",
    headers: { origin: ORIGIN, cookie: kurt.cookie(), "content-length": "1000" },
  });
  sent.on("error", () => undefined);
  sent.write("half");
  await until(() => kurt.backend.sockets() > before);
  sent.destroy();
  await until(() => kurt.backend.sockets() <= before);
  expect((await ask(`/a/${kurt.userId}/x`, { as: kurt, method: "POST", body: "whole" })).status).toBe(200);
});
