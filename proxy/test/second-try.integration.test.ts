import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startIngress } from "./ingress-harness.ts";

/** A port at which nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test("a caller who leaves while a dead address is looked up anew is not asked for at the new one", async () => {
  await using ingress = await startIngress();
  const anna = await ingress.addCustomer();
  const realPort = anna.record.port;
  const { queries } = ingress.database;
  const leaving = new AbortController();
  const ask = (signal: AbortSignal) =>
    fetch(`${ingress.url}/a/${anna.userId}/x`, { headers: { cookie: anna.cookie() }, signal });
  anna.record.port = await closedPort();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  ingress.database.pause = first.promise;
  const asked = ask(leaving.signal).catch(() => "left");
  await expect.poll(() => ingress.database.queries).toBeGreaterThan(queries);
  ingress.database.pause = second.promise;
  first.resolve();
  await expect.poll(() => ingress.database.queries).toBeGreaterThan(queries + 1);
  anna.record.port = realPort;
  leaving.abort();
  expect(await asked).toBe("left");
  await expect.poll(ingress.underWay).toBe(0);
  second.resolve();
  await sleep(200);
  expect(anna.backend.seen).toEqual([]);
});
