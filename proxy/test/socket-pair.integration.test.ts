import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
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

const setUp = async () => {
  const [client, browser] = await socketPair();
  const [backend, agent] = await socketPair();
  return { browser, agent, pair: new SocketPair(client, backend) };
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
