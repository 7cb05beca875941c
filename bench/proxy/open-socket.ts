import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Target } from "./jobs.ts";

/** A WebSocket after its handshake, as a raw connection. The users take turns. */
export async function openSocket({ port, prefixes, headers }: Target, turn: number): Promise<Socket> {
  const index = turn % prefixes.length;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const lines = Object.entries({ host: "bench.test", ...headers[index] }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(
    `GET ${prefixes[index]}/ws HTTP/1.1\r\n${lines.join("")}connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error(`not upgraded: ${head.toString("latin1")}`);
  return socket;
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
