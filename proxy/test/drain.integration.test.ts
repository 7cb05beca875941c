import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

const dial = async (ingress: IngressHarness, as: TestCustomer) => {
  const socket = new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${as.userId}/ws`, {
    origin: ORIGIN,
    headers: { cookie: as.cookie() },
  });
  await once(socket, "open");
  return socket;
};

interface Answer {
  status: number;
  connection: string | undefined;
  text: string;
}

const ask = (ingress: IngressHarness, path: string, { cookie, agent }: { cookie?: string; agent?: Agent } = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie };
    const asked = httpRequest({ port: ingress.port, host: "127.0.0.1", path, headers, agent: agent ?? false });
    asked.on("response", async (response: IncomingMessage) => {
      let text = "";
      for await (const chunk of response) text += String(chunk);
      resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, text });
    });
    asked.on("error", reject).end();
  });

test("a process that leaves says so, still serves for a while, and then takes no more connections", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  const cookie = anna.cookie();
  expect(await ask(ingress, "/readyz")).toMatchObject({ status: 200 });

  const drained = ingress.drain({ timeoutMs: 6_000, noticeMs: 3_000 });
  expect(await ask(ingress, "/readyz")).toMatchObject({ status: 503, text: '{"ok":false,"presence":"leaving"}' });
  expect(await ask(ingress, "/healthz")).toMatchObject({ status: 200 });
  const agent = new Agent({ keepAlive: true });
  expect(await ask(ingress, `/a/${anna.userId}/x`, { cookie, agent })).toMatchObject({
    status: 200,
    connection: "close",
  });
  const refusal = () => ask(ingress, "/readyz").then(String, ({ code }: NodeJS.ErrnoException) => code);
  await expect.poll(refusal).toBe("ECONNREFUSED");
  await drained;
});

test("is not ready before it knows who has signed out", async () => {
  await using ingress = await startIngress(undefined, { isDatabaseDown: true });
  expect(await ask(ingress, "/readyz")).toMatchObject({ status: 503, text: '{"ok":false,"presence":"starting"}' });
  expect(await ask(ingress, "/healthz")).toMatchObject({ status: 200 });
});

test("what is under way ends by itself, on kept connections too", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  anna.backend.answers.set("/slow", async (_request, response) => {
    response.write("be");
    await sleep(300);
    response.end("gun");
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const cookie = anna.cookie();
  const slow = ask(ingress, `/a/${anna.userId}/slow`, { cookie });
  const kept = ask(ingress, `/a/${anna.userId}/slow`, { cookie, agent });
  await expect.poll(ingress.underWay).toBe(2);
  const drained = ingress.drain({ timeoutMs: 20_000 });
  expect((await slow).text).toBe("begun");
  expect((await kept).text).toBe("begun");
  await drained;
});

test("sockets are told one after the other, with a code that means: connect again", async () => {
  await using ingress = await startIngress(undefined, {
    limits: { underWay: { websocket: 200, http: 128 }, requestsPerS: 1_000, requestsBurst: 1_000 },
  });
  const anna = await ingress.addCustomer();
  const sockets = await Promise.all(Array.from({ length: 60 }, () => dial(ingress, anna)));
  const startedAt = performance.now();
  const ends = Promise.all(
    sockets.map(async (socket) => {
      const [code] = (await once(socket, "close")) as [number];
      return { code, atMs: performance.now() - startedAt };
    }),
  );
  await ingress.drain({ timeoutMs: 10_000 });
  const closed = await ends;
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([1012]));
  const times = closed.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  expect(times.at(-1)).toBeGreaterThan(400);
  expect(times[29]).toBeGreaterThan(150);
});

test("a socket in the middle of a message hears its end first", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  const socket = await dial(ingress, anna);
  socket.send("begun, ", { fin: false });
  // Its answer comes back the same way: the fragment before it has passed.
  socket.ping();
  await once(socket, "pong");
  const closed = once(socket, "close");
  const drained = ingress.drain({ timeoutMs: 20_000 });
  await sleep(200);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.send("and done", { fin: true });
  expect((await closed)[0]).toBe(1012);
  await drained;
});
