import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { firstBytes, gone, requestHead, say, upgradeHeaders } from "./clients.ts";
import type { Customer } from "./world.ts";

/** Where a client is when it leaves. Answers its connection, at that point. */
type Point = (port: number, customer: Customer) => Promise<Socket>;

/** A text frame of a client (mask of zeros), or the beginning of a long one. */
const masked = (text: string, length = text.length) =>
  Buffer.concat([Buffer.from([0x81, 0x80 | length, 0, 0, 0, 0]), Buffer.from(text)]);

const upgraded = async (port: number, customer: Customer) => {
  const socket = await say(port, requestHead(customer, { path: "/ws", headers: upgradeHeaders }));
  await firstBytes(socket);
  return socket;
};

const afterFirstBytes = async (socket: Socket) => {
  await firstBytes(socket);
  return socket;
};

export const points = {
  "within the head": (port, customer) => say(port, requestHead(customer, { path: "/who" }).slice(0, -8)),
  "before the answer": (port, customer) => say(port, requestHead(customer, { path: "/never" })),
  "within an event stream": async (port, customer) =>
    afterFirstBytes(await say(port, requestHead(customer, { path: "/stream" }))),
  "within a long answer, unread": async (port, customer) => {
    const socket = await say(port, requestHead(customer, { path: "/big" }));
    await firstBytes(socket);
    socket.pause();
    return socket;
  },
  "within an upload": (port, customer) =>
    say(
      port,
      `${requestHead(customer, { method: "POST", path: "/upload", headers: ["content-length: 900000"] })}${"x".repeat(9_000)}`,
    ),
  "within a chunk": (port, customer) =>
    say(
      port,
      `${requestHead(customer, { method: "POST", path: "/upload", headers: ["transfer-encoding: chunked"] })}ffff\r\nhalf`,
    ),
  "after an answer": async (port, customer) =>
    afterFirstBytes(await say(port, requestHead(customer, { path: "/who?nonce=1" }))),
  "within a handshake": (port, customer) => say(port, requestHead(customer, { path: "/ws", headers: upgradeHeaders })),
  "on an idle socket": upgraded,
  "within a frame": async (port, customer) => {
    const socket = await upgraded(port, customer);
    socket.write(masked("half of", 100));
    return socket;
  },
  "under a flood, unread": async (port, customer) => {
    const socket = await upgraded(port, customer);
    socket.write(masked("flood"));
    await firstBytes(socket);
    socket.pause();
    return socket;
  },
} as const satisfies Record<string, Point>;
export type PointName = keyof typeof points;
export const pointNames = Object.keys(points) as PointName[];

/** How a client leaves. */
export const ways = {
  aborts: (socket) => void socket.destroy(),
  resets: (socket) => void socket.resetAndDestroy(),
  /** Says that it will say no more, stays a while without reading, and is gone then. */
  "half closes": async (socket) => {
    socket.end();
    await sleep(300);
    socket.destroy();
  },
} as const satisfies Record<string, (socket: Socket) => void | Promise<void>>;
export type WayName = keyof typeof ways;
export const wayNames = Object.keys(ways) as WayName[];

export interface Departure {
  point: PointName;
  way: WayName;
  count: number;
  /** At this point the agent is at work for each of them: they leave when it is. */
  isAgentAtWork?: boolean;
}

/** The proxy gets to know of each before it is gone. */
const STAY_MS = 10;
const ARRIVE_MS = 5_000;

/** `count` clients come to this point and leave in this way. */
export async function leave(port: number, customer: Customer, departure: Departure): Promise<void> {
  const { point, way, count, isAgentAtWork = false } = departure;
  const sockets = await Promise.all(Array.from({ length: count }, () => points[point](port, customer)));
  const untilMs = performance.now() + ARRIVE_MS;
  const atWork = isAgentAtWork ? count : 0;
  do await sleep(STAY_MS);
  while (customer.backend.underWay() < atWork && performance.now() < untilMs);
  await Promise.all(
    sockets.map(async (socket) => {
      await ways[way](socket);
      await gone(socket);
    }),
  );
}
