import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { makeIngressMetrics } from "../src/ingress/metrics.ts";
import type { Passage } from "../src/ingress/passage.ts";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

const ask = (ingress: IngressHarness, as: TestCustomer, path = "/x", init: RequestInit = {}) =>
  fetch(`${ingress.url}/a/${as.userId}${path}`, {
    ...init,
    headers: { origin: ORIGIN, cookie: as.cookie(), ...(init.headers as Record<string, string>) },
  });

const errorOf = async (answer: Response) =>
  ((await answer.json()) as { error: { code: string; details?: Record<string, unknown> } }).error;

test("who asks too fast is told when to come back, and nobody else notices", async () => {
  await using ingress = await startIngress(undefined, { limits: { requestsPerS: 0.05, requestsBurst: 10 } });
  const [anna, bert] = [await ingress.addCustomer(), await ingress.addCustomer()];
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(ingress, anna)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(10);
  const [first] = refused;
  expect(Number(first?.headers.get("retry-after"))).toBeGreaterThan(10);
  expect(first === undefined ? null : await errorOf(first)).toMatchObject({
    code: "too_many_requests",
    details: { limit: "rate" },
  });
  expect((await ask(ingress, bert)).status).toBe(200);
  const socket = new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${anna.userId}/ws`, {
    origin: ORIGIN,
    headers: { cookie: anna.cookie() },
  });
  const [, response] = (await once(
    socket.on("error", () => undefined),
    "unexpected-response",
  )) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(429);
});

test("too many under way at once is another 429", async () => {
  await using ingress = await startIngress(undefined, { limits: { underWay: { http: 2, websocket: 1 } } });
  const anna = await ingress.addCustomer();
  anna.backend.answers.set("/slow", async (_request, response) => {
    await sleep(300);
    response.end("{}");
  });
  const slow = [ask(ingress, anna, "/slow"), ask(ingress, anna, "/slow")];
  await sleep(100);
  const refused = await ask(ingress, anna);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  await Promise.all(slow);
  expect((await ask(ingress, anna)).status).toBe(200);
});

test("a body that says it is too long is refused before it is sent, one that turns out to be is cut", async () => {
  await using ingress = await startIngress(undefined, { limits: { bodyMaxBytes: 1_000 } });
  const anna = await ingress.addCustomer();
  const said = await ask(ingress, anna, "/x", { method: "POST", body: "x".repeat(1_001) });
  expect([said.status, (await errorOf(said)).code]).toEqual([413, "body_too_large"]);
  expect(anna.backend.seen).toHaveLength(0);
  expect((await ask(ingress, anna, "/x", { method: "POST", body: "x".repeat(1_000) })).status).toBe(200);
  const status = await new Promise((resolve, reject) => {
    const headers = { origin: ORIGIN, cookie: anna.cookie(), "transfer-encoding": "chunked" };
    const sent = httpRequest(`${ingress.url}/a/${anna.userId}/x`, { method: "POST", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on("error", reject);
    sent.write(Buffer.alloc(600));
    setTimeout(() => sent.end(Buffer.alloc(600)), 50);
  });
  expect(status).toBe(413);
});

test("each request and socket is told of once, with its parts, its bytes and its end; metrics add them up", async () => {
  const passages: Passage[] = [];
  const metrics = makeIngressMetrics(() => ingress.counts);
  await using ingress: IngressHarness = await startIngress(undefined, {
    onPassage(passage, endedAt) {
      passages.push(passage);
      metrics.observe(passage, endedAt);
    },
  });
  const anna = await ingress.addCustomer();
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await (await ask(ingress, anna, "/x?q=1", { method: "POST", body: "12345", headers: { traceparent } })).text();
  await (await ask(ingress, anna, "/healthz")).text();
  await (await fetch(`${ingress.url}/a/${anna.userId}/x`)).text();
  const socket = new WebSocket(`ws://127.0.0.1:${ingress.port}/a/${anna.userId}/ws`, {
    origin: ORIGIN,
    headers: { cookie: anna.cookie() },
  });
  await once(socket, "open");
  expect(await metrics.text()).toMatch(/^proxy_active\{kind="websocket"\} 1$/m);
  socket.send("x".repeat(1_000));
  await once(socket, "message");
  socket.close();
  for (let waited = 0; passages.length < 4 && waited < 2_000; waited += 20) await sleep(20);

  expect(passages.map(({ pathClass, userId, status, code }) => [pathClass, userId, status, code])).toEqual([
    ["forward", anna.userId, 200, null],
    ["health", anna.userId, 200, null],
    ["unread", null, 401, "not_signed_in"],
    ["socket", anna.userId, 101, null],
  ]);
  const [post, , , upgrade] = passages;
  expect(post).toMatchObject({ agentId: anna.backend.agentId, trace: { traceId: traceparent.slice(3, 35) } });
  expect(post?.tally.bytesIn).toBe(5);
  expect(post?.tally.bytesOut).toBeGreaterThan(20);
  expect(post?.checkedAt).toBeGreaterThanOrEqual(post?.startedAt ?? Infinity);
  expect(post?.answeredAt).toBeGreaterThanOrEqual(post?.routedAt ?? Infinity);
  expect(upgrade?.tally.bytesIn).toBeGreaterThan(1_000);
  expect(anna.backend.seen[0]?.headers["traceparent"]).toBe(traceparent);

  const text = await metrics.text();
  expect(text).toMatch(/^proxy_requests_total\{class="forward",status="2xx"\} 1$/m);
  expect(text).toMatch(/^proxy_upgrades_total\{status="1xx"\} 1$/m);
  expect(text).toMatch(/^proxy_refusals_total\{code="not_signed_in"\} 1$/m);
  expect(text).toMatch(/^proxy_request_seconds_count\{phase="answer"\} 3$/m);
  expect(text).toMatch(/^proxy_active\{kind="websocket"\} 0$/m);
  expect(text).toMatch(/^proxy_route_lookups_total\{result="remembered"\} 2$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(text).not.toContain(anna.userId);
});
