import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { closing, dial, firstBytes, gone, isServed, requestHead, say } from "./clients.ts";
import type { Customer } from "./world.ts";

/** Client and agent are at most so far apart in what they know of each other's end. */
const TOLD_WITHIN_MS = 2_000;
/** A user may hold 32. */
const SOCKETS = 24;
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** How an answer ended for a client whose agent died within it. */
export async function deathOfAnswer(port: number, customer: Customer, path: string): Promise<"cut" | "whole" | "open"> {
  const socket = await say(port, requestHead(customer, { path }));
  let tail = await firstBytes(socket);
  socket.on("data", (chunk) => (tail = (tail + chunk.toString("latin1")).slice(-64)));
  customer.backend.reset();
  const ended = new Promise((resolve) => socket.once("end", resolve));
  const how = await Promise.race([ended, gone(socket), sleep(TOLD_WITHIN_MS, "open", { ref: false })]);
  socket.destroy();
  if (how === "open") return "open";
  return tail.endsWith(LAST_CHUNK) ? "whole" : "cut";
}

/** An agent that dies within an answer, before one, and under sockets; and is there again. */
export async function holdDeaths(ctx: ScenarioContext, port: number, customer: Customer, rounds: number) {
  const endings = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (const path of ["/stream", "/big"]) {
      const ending = `${path} ${await deathOfAnswer(port, customer, path)}`;
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
  }
  ctx.hold(
    endings.get("/stream cut") === rounds && endings.get("/big cut") === rounds,
    `an agent that dies within an event stream or a long answer: the client is cut off and can't take the half for the whole (${2 * rounds} times)`,
    Object.fromEntries(endings),
  );

  const refusals = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const socket = await say(port, requestHead(customer, { path: "/never", headers: ["connection: close"] }));
    await untilUnderWay(customer, 1);
    customer.backend.reset();
    // Read on the second way too: an answer that can be asked for twice is.
    await Promise.race([untilUnderWay(customer, 1), sleep(TOLD_WITHIN_MS)]);
    customer.backend.reset();
    refusals.add((await firstBytes(socket)).slice(0, 12));
    socket.destroy();
  }
  ctx.hold(
    refusals.size === 1 && refusals.has("HTTP/1.1 503"),
    "one that dies twice before its answer: the caller gets 503",
    [...refusals],
  );

  const deaths = Math.ceil(rounds / SOCKETS);
  let late = 0;
  for (let death = 0; death < deaths; death += 1) late += await dieUnderSockets(port, customer);
  ctx.hold(late === 0, `one that dies under its sockets: each of ${deaths * SOCKETS} is closed within 2 s`, { late });
  ctx.hold(await isServed(port, customer, "afterdeath"), "and serves again as soon as it is there");
}

/** Answers how many sockets learned too late that their agent had died. */
async function dieUnderSockets(port: number, customer: Customer): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => dial(port, customer)));
  const ends = Promise.all(sockets.map(closing));
  const killedAt = performance.now();
  customer.backend.reset();
  return (await ends).filter(({ atMs }) => atMs - killedAt > TOLD_WITHIN_MS).length;
}

async function untilUnderWay({ backend }: Customer, count: number): Promise<void> {
  while (backend.underWay() < count) await sleep(5);
}
