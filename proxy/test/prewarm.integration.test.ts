import { agentPrewarmPath } from "@automna/contract/paths";
import { expect, test } from "vitest";
import { startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";

const ask = (ingress: IngressHarness, path: string, as: TestCustomer) =>
  fetch(`${ingress.url}${path}`, { headers: { cookie: as.cookie(), "sec-fetch-site": "same-origin" } });
const prewarm = (ingress: IngressHarness, of: TestCustomer, as = of) => ask(ingress, agentPrewarmPath(of.userId), as);

test("finds and proves the way, so that the next request finds it open", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  expect((await prewarm(ingress, anna)).status).toBe(200);
  expect(anna.backend.seen.map(({ url }) => url)).toEqual(["/healthz"]);
  const { queries } = ingress.database;
  expect([queries, anna.backend.sockets()]).toEqual([expect.any(Number), 1]);
  expect((await ask(ingress, `/a/${anna.userId}/x`, anna)).status).toBe(200);
  expect([ingress.database.queries, anna.backend.sockets()]).toEqual([queries, 1]);
});

test("twice is no more than once", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  await prewarm(ingress, anna);
  expect((await prewarm(ingress, anna)).status).toBe(200);
  expect(anna.backend.sockets()).toBe(1);
});

test("nobody warms another user's agent", async () => {
  await using ingress = await startIngress();
  const [anna, bert] = [await ingress.addCustomer(), await ingress.addCustomer()];
  expect((await prewarm(ingress, anna, bert)).status).toBe(404);
  expect(anna.backend.seen).toEqual([]);
});

test.each(["asleep", "starting", "failed"] as const)("an agent that is %s is left as it is", async (phase) => {
  let woken = 0;
  await using ingress = await startIngress(undefined, {
    wakeAgent: async () => {
      woken += 1;
      return true;
    },
  });
  const anna = await ingress.addCustomer();
  anna.record.phase = phase;
  expect((await prewarm(ingress, anna)).status).toBe(204);
  expect([woken, anna.backend.seen.length]).toEqual([0, 0]);
});

test("an agent that died a moment ago: it says so, and the next try finds the new one", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  await prewarm(ingress, anna);
  await anna.backend.crash();
  expect((await prewarm(ingress, anna)).status).toBe(503);
});
