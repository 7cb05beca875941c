import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePresence, type Presence } from "./presence.ts";

let presence: Presence;
let server: Server;
let origin: string;
beforeEach(async () => {
  presence = makePresence();
  server = createServer((request, response) => {
    if (!presence.answer(request, response)) response.end("work");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});
const status = async (path: string) => (await fetch(origin + path)).status;

test("lives and is ready, and leaves everything else to the service", async () => {
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 200]);
  expect(await (await fetch(`${origin}/work`)).text()).toBe("work");
});

test("says that it is leaving, and answers on until the edge has had its time to notice", async () => {
  let hasLeft = false;
  const left = presence.leave(2_000).then(() => (hasLeft = true));
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
  const answer = await fetch(`${origin}/work`);
  expect(await answer.text()).toBe("work");
  expect(answer.headers.get("connection")).toBe("close");
  expect(hasLeft).toBe(false);
  await left;
});
