import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./jobs.ts";

const ATTEMPTS = 5;
const RETRY_MS = 1_000;
/** Whoever holds as many as they may leaves the next one waiting. */
const ANSWER_MS = 30_000;

/** A WebSocket after its handshake, as a raw connection. The users take turns. */
async function openSocket(target: Target, turn: number): Promise<Socket> {
  for (let attempt = 1; ; attempt += 1) {
    const { socket, head } = await askForSocket(target, turn);
    if (head.startsWith("HTTP/1.1 101")) return socket;
    socket.destroy();
    // Where everybody shares a few cores, a backend can be too late for its proxy.
    if (!head.startsWith("HTTP/1.1 503") || attempt === ATTEMPTS) throw new Error(`not upgraded: ${head}`);
    await sleep(RETRY_MS);
  }
}

async function askForSocket({ port, prefixes, headers }: Target, turn: number) {
  const index = turn % prefixes.length;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const lines = Object.entries({ host: "bench.test", ...headers[index] }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(
    `GET ${prefixes[index]}/ws HTTP/1.1\r\n${lines.join("")}connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [head] = (await once(socket, "data", { signal: AbortSignal.timeout(ANSWER_MS) })) as [Buffer];
  return { socket, head: head.toString("latin1") };
}

/** Not all at once: nobody's backlog is that long. */
export async function openSockets(target: Target, count: number): Promise<Socket[]> {
  const AT_ONCE = 50;
  const sockets: Socket[] = [];
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, index) =>
      openSocket(target, begun + index),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}
