import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

const dial = (ingress: IngressHarness, as: TestCustomer, cookie = as.cookie()) =>
  new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${as.userId}/ws`, { origin: ORIGIN, headers: { cookie } });

const ask = (ingress: IngressHarness, as: TestCustomer, path = "/x", headers: Record<string, string> = {}) =>
  fetch(`${ingress.url}/a/${as.userId}${path}`, {
    redirect: "manual",
    headers: { origin: ORIGIN, cookie: as.cookie(), ...headers },
  });

const code = async (answer: Response) => ((await answer.json()) as { error: { code: string } }).error.code;

/** Status of a refused upgrade, with its error code and Retry-After. */
const refusal = (socket: WebSocket) =>
  new Promise<{ status: number; code: string; retryAfter: string | undefined }>((resolve, reject) => {
    socket.on("open", () => reject(new Error("was accepted")));
    socket.on("error", () => undefined);
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          code: JSON.parse(body).error.code,
          retryAfter: response.headers["retry-after"],
        }),
      );
    });
  });

const become = (ingress: IngressHarness, customer: TestCustomer, phase: TestCustomer["record"]["phase"]) => {
  customer.record.phase = phase;
  ingress.listener.emit("agent_changed", { agentId: customer.backend.agentId, userId: customer.userId });
};

test.each(["starting", "moving", "upgrading", "failing"] as const)(
  "a socket to an agent that is %s waits, and is joined as soon as the agent is ready",
  async (phase) => {
    await using ingress = await startIngress();
    const anna = await ingress.addCustomer();
    anna.record.phase = phase;
    const socket = dial(ingress, anna);
    await sleep(150);
    expect(socket.readyState).toBe(WebSocket.CONNECTING);
    become(ingress, anna, "ready");
    const readyAt = performance.now();
    await once(socket, "open");
    expect(performance.now() - readyAt).toBeLessThan(500);
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    socket.terminate();
  },
);

test("a socket is joined without a notification too", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.record.phase = "starting";
  const socket = dial(ingress, anna);
  await sleep(100);
  anna.record.phase = "ready";
  await once(socket, "open");
  socket.terminate();
});

test("a socket that has waited long enough is told what it waited for, and when to come back", async () => {
  await using ingress = await startIngress(undefined, { limits: { holdMs: 200 } });
  const anna = await ingress.addCustomer();
  anna.record.phase = "starting";
  expect(await refusal(dial(ingress, anna))).toEqual({ status: 503, code: "agent_starting", retryAfter: "2" });
  expect(ingress.underWay()).toBe(0);
});

test("a socket whose agent gives up meanwhile is told at once", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.record.phase = "failing";
  const refused = refusal(dial(ingress, anna));
  await sleep(100);
  become(ingress, anna, "failed");
  expect(await refused).toMatchObject({ status: 503, code: "agent_unavailable" });
});

test("only so many wait; one more is sent away", async () => {
  await using ingress = await startIngress(undefined, { limits: { heldMax: 3 } });
  const anna = await ingress.addCustomer();
  const bert = await ingress.addCustomer();
  anna.record.phase = bert.record.phase = "starting";
  const waiting = Array.from({ length: 3 }, () => dial(ingress, anna));
  await sleep(150);
  expect(await refusal(dial(ingress, bert))).toMatchObject({ status: 503, code: "service_unavailable" });
  become(ingress, anna, "ready");
  await Promise.all(waiting.map((socket) => once(socket, "open")));
  for (const socket of waiting) socket.terminate();
});

test("whoever signs out, is suspended or leaves waits no longer", async () => {
  await using ingress = await startIngress();
  const [anna, bert, carl] = [await ingress.addCustomer(), await ingress.addCustomer(), await ingress.addCustomer()];
  anna.record.phase = bert.record.phase = carl.record.phase = "starting";
  const refused = Promise.all([refusal(dial(ingress, anna)), refusal(dial(ingress, bert))]);
  const leaving = dial(ingress, carl);
  leaving.on("error", () => undefined);
  await sleep(150);
  expect(ingress.underWay()).toBe(3);
  ingress.listener.emit("session_ended", { sessionId: anna.sessionId, userId: anna.userId });
  bert.record.userState = "suspended";
  ingress.listener.emit("user_changed", { userId: bert.userId });
  leaving.terminate();
  expect((await refused).map((one) => [one.status, one.code])).toEqual([
    [401, "session_expired"],
    [403, "forbidden"],
  ]);
  for (let waited = 0; ingress.underWay() > 0 && waited < 2_000; waited += 20) await sleep(20);
  expect(ingress.underWay()).toBe(0);
});

test("those who wait are told to come back when the ingress stops", async () => {
  const ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.record.phase = "starting";
  const refused = refusal(dial(ingress, anna));
  await sleep(100);
  await ingress.drain();
  expect(await refused).toMatchObject({ status: 503, code: "service_unavailable" });
  await anna.backend.crash();
});

const rawUpgrade = (as: TestCustomer) =>
  [
    `GET /a/${as.userId}/ws HTTP/1.1`,
    "host: x",
    `origin: ${ORIGIN}`,
    `cookie: ${as.cookie()}`,
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");

test("what a client sends too early arrives in order, up to a limit", async () => {
  await using ingress = await startIngress();
  const [anna, bert] = [await ingress.addCustomer(), await ingress.addCustomer()];
  anna.record.phase = bert.record.phase = "starting";
  const eager = connect(ingress.port, "127.0.0.1");
  eager.write(rawUpgrade(anna));
  await sleep(100);
  // "hi", masked with zeros.
  eager.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  await sleep(50);
  let answer = Buffer.alloc(0);
  eager.on("data", (chunk) => (answer = Buffer.concat([answer, chunk])));
  become(ingress, anna, "ready");
  const echo = Buffer.from([0x81, 0x02, 0x68, 0x69]);
  for (let waited = 0; !answer.includes(echo) && waited < 2_000; waited += 20) await sleep(20);
  expect(answer.subarray(-4)).toEqual(echo);
  eager.destroy();

  const flooding = connect(ingress.port, "127.0.0.1");
  flooding.on("error", () => undefined);
  flooding.write(rawUpgrade(bert));
  await sleep(100);
  flooding.write(Buffer.alloc(1024 * 1024));
  const [refused] = (await once(flooding, "data")) as [Buffer];
  expect(refused.toString()).toMatch(/^HTTP\/1\.1 413/);
  flooding.destroy();
});

test("an agent that may be woken is woken once, however many come", async () => {
  let woken = 0;
  await using ingress = await startIngress(undefined, {
    wakeAgent: async () => {
      woken += 1;
      await sleep(50);
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  anna.record.phase = "asleep";
  const sockets = Array.from({ length: 10 }, () => dial(ingress, anna));
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(ingress, anna)));
  for (const answer of answers) {
    expect([answer.status, answer.headers.get("retry-after"), await code(answer)]).toEqual([
      503,
      "2",
      "agent_starting",
    ]);
  }
  expect(woken).toBe(1);
  become(ingress, anna, "ready");
  await Promise.all(sockets.map((socket) => once(socket, "open")));
  expect(woken).toBe(1);
  for (const socket of sockets) socket.terminate();
});

test("a dozing agent is woken by whoever asks for it: it does not wake by itself", async () => {
  const woken: string[] = [];
  await using ingress = await startIngress(undefined, {
    async wakeAgent({ agentId }) {
      woken.push(agentId);
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  anna.record.phase = "dozing";
  expect(await code(await ask(ingress, anna))).toBe("agent_starting");
  expect(woken).toEqual([anna.backend.agentId]);
});

test("an agent that rests again soon after it was woken is woken anew, at once", async () => {
  let woken = 0;
  await using ingress = await startIngress(undefined, {
    async wakeAgent() {
      woken += 1;
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  for (const wakes of [1, 2]) {
    become(ingress, anna, "dozing");
    await sleep(50);
    const socket = dial(ingress, anna);
    await expect.poll(() => woken).toBe(wakes);
    become(ingress, anna, "ready");
    await once(socket, "open");
    socket.terminate();
  }
});

test("an agent that its owner stopped stays asleep, and callers learn that", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.record.phase = "asleep";
  const answer = await ask(ingress, anna);
  expect([answer.status, answer.headers.get("retry-after"), await code(answer)]).toEqual([503, "30", "agent_asleep"]);
});

test("a wake that fails is answered, and tried again by the next caller", async () => {
  let asked = 0;
  await using ingress = await startIngress(undefined, {
    wakeAgent: async () => {
      asked += 1;
      if (asked === 1) throw new Error("the queue is away");
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  anna.record.phase = "asleep";
  expect(await code(await ask(ingress, anna))).toBe("agent_unavailable");
  expect(await code(await ask(ingress, anna))).toBe("agent_starting");
});

const navigation = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };

test("a navigation to an agent on its way gets a page of its own, which becomes the app", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.record.phase = "starting";
  const page = await ask(ingress, anna, "/chat", navigation);
  expect([page.status, page.headers.get("retry-after"), page.headers.get("cache-control")]).toEqual([
    503,
    "2",
    "no-store",
  ]);
  const html = await page.text();
  expect(html).toContain("Your agent is on its way");
  expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)=/);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-/);
  expect(policy).not.toContain("unsafe");
  become(ingress, anna, "ready");
  const app = await ask(ingress, anna, "/chat", navigation);
  expect([app.status, app.headers.get("location")]).toEqual([303, "/dashboard"]);
});

test("a navigation wakes nobody; another site could have caused it", async () => {
  let woken = 0;
  await using ingress = await startIngress(undefined, {
    wakeAgent: async () => {
      woken += 1;
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  anna.record.phase = "asleep";
  const page = await ask(ingress, anna, "/chat", { ...navigation, "sec-fetch-site": "cross-site" });
  expect([page.status, woken]).toEqual([503, 0]);
  expect(await page.text()).toContain("Your agent is asleep");
  const own = { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" };
  expect((await ask(ingress, anna, "/healthz", own)).status).toBe(503);
  expect(woken).toBe(1);
});

test("the page is shown to the owner alone; others are sent to the dashboard and learn nothing", async () => {
  await using ingress = await startIngress();
  const [anna, bert] = [await ingress.addCustomer(), await ingress.addCustomer()];
  anna.record.phase = "starting";
  for (const cookie of ["", bert.cookie()]) {
    const answer = await ask(ingress, anna, "/chat", { ...navigation, cookie });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/dashboard"]);
  }
});
