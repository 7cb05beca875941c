import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { BIG_BYTES } from "./backend.ts";
import { closing, dial, firstBytes, gone, requestHead, say } from "./clients.ts";
import type { IngressProcess } from "./ingress-process.ts";
import { points } from "./leaving.ts";
import type { Customer } from "./world.ts";

const MB = 1024 * 1024;
/** Of what is owed to those who don't read, so much at most is kept; and nothing of the floods. */
const KEPT_MAX = 1 / 3;
const READ_MS = 60_000;
/** RFC 6455, 7.4.1. */
const AWAY = 1001;

/** Clients that ask for much and read nothing: the proxy waits with them instead of keeping it for them. */
export async function holdSlowReaders(
  ctx: ScenarioContext,
  { ingress, customer }: { ingress: IngressProcess; customer: Customer },
  { count, forMs }: { count: number; forMs: number },
): Promise<void> {
  const before = (await ingress.probe()).rssBytes;
  const readers = await Promise.all(Array.from({ length: count }, () => beginLongAnswer(ingress.port, customer)));
  const flood = () => points["under a flood, unread"](ingress.port, customer);
  const floods = await Promise.all(Array.from({ length: count }, flood));
  await sleep(forMs, undefined, { signal: ctx.signal });
  const grownBytes = (await ingress.probe()).rssBytes - before;
  const owedBytes = count * BIG_BYTES;
  ctx.figure(
    `memory for ${count} long answers of ${BIG_BYTES / MB} MB and ${count} floods, unread`,
    grownBytes / MB,
    "MB",
  );
  ctx.hold(
    grownBytes < owedBytes * KEPT_MAX,
    `${count} long answers and ${count} endless sockets that nobody reads are not kept in memory`,
    { grownMb: Math.round(grownBytes / MB), owedMb: owedBytes / MB },
  );
  const whole = await Promise.all(readers.map((readOn) => readOn()));
  ctx.hold(whole.every(Boolean), "and once they read, each answer goes on to its last byte", whole);
  for (const socket of floods) socket.destroy();
}

/** Begins to read, and stops. Answers how to go on, which tells whether every byte came. */
async function beginLongAnswer(port: number, customer: Customer): Promise<() => Promise<boolean>> {
  const socket = await say(port, requestHead(customer, { path: "/big", headers: ["connection: close"] }));
  const first = await firstBytes(socket);
  socket.pause();
  const expected = first.indexOf("\r\n\r\n") + 4 + BIG_BYTES;
  return async () => {
    let bytes = first.length;
    socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
    const ended = new Promise((resolve) => socket.once("end", resolve));
    socket.resume();
    await Promise.race([ended, gone(socket), sleep(READ_MS, null, { ref: false })]);
    socket.destroy();
    return bytes === expected;
  };
}

/** Peers that are still connected as far as TCP knows, and say nothing: each side of a socket pair. */
export async function holdSilentPeers(
  ctx: ScenarioContext,
  { port, customer, heartbeatMs }: { port: number; customer: Customer; heartbeatMs: number },
  count: number,
): Promise<void> {
  const timeoutMs = 20 * heartbeatMs + 5_000;
  const sockets = await Promise.all(Array.from({ length: count }, () => dial(port, customer)));
  const ends = Promise.all(sockets.map(closing));
  for (const socket of sockets) socket.send("fall silent");
  const clients = await Promise.all(Array.from({ length: count }, () => points["on an idle socket"](port, customer)));
  for (const client of clients) client.pause();

  const codes = (await Promise.race([ends, sleep(timeoutMs, [], { ref: false })])).map(({ code }) => code);
  ctx.hold(
    codes.length === count && codes.every((code) => code === AWAY),
    "an agent that answers no ping: its clients are told that it is away (1001)",
    codes,
  );
  // Those that fell silent can't hear their end either.
  await ctx.eventually(
    `${count} clients that answer no ping are let go, and their agent's side with them`,
    () => (customer.backend.underWay() <= count ? true : null),
    { timeoutMs },
  );
  for (const client of clients) client.destroy();
  customer.backend.reset();
}
