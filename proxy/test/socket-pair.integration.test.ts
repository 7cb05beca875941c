import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { makeHeartbeat } from "../src/ingress/heartbeat.ts";
import { SocketPair } from "../src/ingress/socket-pair.ts";

/** Two connected sockets: ours, and the peer's. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[ours]] = await Promise.all([once(server, "connection") as Promise<[Socket]>, once(peer, "connect")]);
  server.close();
  for (const socket of [ours, peer]) socket.on("error", () => undefined);
  return [ours, peer];
}

const slow = makeHeartbeat(60_000);
const fast = makeHeartbeat(40);
afterAll(() => {
  slow.close();
  fast.close();
});

const setUp = async (heartbeat = slow) => {
  const [client, browser] = await socketPair();
  const [backend, agent] = await socketPair();
  return { browser, agent, pair: new SocketPair(client, backend, heartbeat) };
};

const bytesOf = (socket: Socket) => {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
};

test("a slow reader stops the writer, and then gets every byte", async () => {
  const { browser, agent } = await setUp();
  browser.pause();
  const part = Buffer.alloc(64 * 1024, 1);
  const total = 100 * 1024 * 1024;
  let written = 0;
  const write = () => {
    while (written < total) {
      written += part.length;
      if (!agent.write(part)) return;
    }
    agent.end();
  };
  agent.on("drain", write);
  write();
  await sleep(400);
  expect(written).toBeLessThan(20 * 1024 * 1024);
  let received = 0;
  browser.on("data", (chunk) => (received += chunk.length)).resume();
  await once(browser, "end");
  expect(received).toBe(total);
});

test("our close frame goes between two of the agent's frames", async () => {
  const { browser, agent, pair } = await setUp();
  agent.write(Buffer.from([0x81, 0x02, 0x68, 0x69]));
  await once(browser, "data");
  pair.end(4401, "out");
  const [frame] = (await once(browser, "data")) as [Buffer];
  expect([...frame]).toEqual([0x88, 5, 0x11, 0x31, 0x6f, 0x75, 0x74]);
});

test("within a frame there is only the cut", async () => {
  const { browser, agent, pair } = await setUp();
  agent.write(Buffer.from([0x81, 0x05, 0x68]));
  await once(browser, "data");
  const more: Buffer[] = [];
  browser.on("data", (chunk: Buffer) => more.push(chunk));
  pair.end(4401, "out");
  await once(browser, "close");
  expect(more).toEqual([]);
});

test("a client that ignores our close is cut after a second, and the agent's side at once", async () => {
  const { browser, agent, pair } = await setUp();
  const startedAt = performance.now();
  const closed = new Promise<void>((resolve) => pair.onClosed(resolve));
  browser.resume();
  pair.end(1012, "");
  await once(agent.resume(), "close");
  expect(performance.now() - startedAt).toBeLessThan(500);
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test("both sides are pinged: the client unmasked, the agent masked; their pongs stay here", async () => {
  const { browser, agent } = await setUp(fast);
  const [[toBrowser], [toAgent]] = (await Promise.all([once(browser, "data"), once(agent, "data")])) as [
    [Buffer],
    [Buffer],
  ];
  expect([...toBrowser.subarray(0, 2)]).toEqual([0x89, 8]);
  expect(toBrowser).toHaveLength(10);
  expect([...toAgent.subarray(0, 2)]).toEqual([0x89, 0x88]);
  expect(toAgent).toHaveLength(14);
  const [seenByBrowser, seenByAgent] = [bytesOf(browser), bytesOf(agent)];
  const token = toAgent.subarray(6).map((byte, index) => byte ^ (toAgent[2 + (index % 4)] ?? 0));
  agent.write(Buffer.concat([Buffer.from([0x8a, 8]), token, Buffer.from([0x81, 1, 0x61])]));
  browser.write(Buffer.concat([Buffer.from([0x8a, 0x88, 0, 0, 0, 0]), toBrowser.subarray(2)]));
  await expect.poll(() => seenByBrowser().subarray(0, 3)).toEqual(Buffer.from([0x81, 1, 0x61]));
  expect(seenByAgent()).toHaveLength(0);
});

test("no ping lands within a frame, nor after a close", async () => {
  const { browser, agent } = await setUp(fast);
  const seen = bytesOf(browser);
  browser.on("data", () => browser.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0])));
  agent.resume();
  agent.write(Buffer.from([0x81, 0x05, 0x68]));
  await sleep(150);
  expect([...seen()].slice(-3)).toEqual([0x81, 0x05, 0x68]);
  agent.write(Buffer.from([1, 2, 3, 4, 0x88, 0]));
  await sleep(150);
  expect([...seen()].slice(-2)).toEqual([0x88, 0]);
});

test("an agent that gives no sign of life is left, with a close code for the client", async () => {
  const { browser, agent } = await setUp(fast);
  browser.on("data", () => browser.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0])));
  const seen = bytesOf(browser);
  await once(agent.resume(), "close");
  await sleep(20);
  expect(seen().includes(Buffer.from([0x03, 0xe9]))).toBe(true);
});

test("a client that ended before it was joined ends the agent's side too", async () => {
  const [client, browser] = await socketPair();
  const [backend, agent] = await socketPair();
  browser.end();
  await once(client.resume(), "end");
  const ended = once(agent.resume(), "end");
  expect(client.destroyed).toBe(false);
  expect(new SocketPair(client, backend, slow)).toBeDefined();
  await ended;
  agent.end();
  browser.destroy();
});
