import type { Job, Measured, Target } from "./jobs.ts";
import { makeMeter } from "./meter.ts";
import { formatRequests, makeAnswerReader, openConnections } from "./small-request.ts";

const CONNECTIONS = 16;
const TICK_MS = 1;

/**
 * Small answers at a fixed modest rate, whoever answers. A delay counts from when its request was due, so that a proxy
 * which stalls is not asked less.
 */
export async function askPaced({ perS, count }: Extract<Job, { kind: "paced" }>, target: Target): Promise<Measured> {
  const requests = formatRequests(target);
  const sockets = await openConnections(target, CONNECTIONS);
  const meter = makeMeter(target.pid, count);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const startedAt = performance.now();
  /** Of requests that wait for a connection: when they were due. */
  const due: number[] = [];
  const free: ((dueAt: number) => void)[] = [];
  let turn = 0;

  for (const socket of sockets) {
    let askedFor = 0;
    const isWhole = makeAnswerReader(reject);
    const ask = (dueAt: number) => {
      askedFor = dueAt;
      turn += 1;
      socket.write(requests[turn % requests.length] ?? "");
    };
    socket.on("data", (chunk) => {
      if (!isWhole(chunk)) return;
      meter.done(performance.now() - askedFor);
      const next = due.shift();
      if (next === undefined) free.push(ask);
      else ask(next);
    });
    socket.on("error", reject).on("close", () => reject(new Error("the proxy closed a connection")));
    free.push(ask);
  }
  let begun = 0;
  const clock = setInterval(() => {
    const nowAt = performance.now();
    for (; startedAt + (begun * 1_000) / perS <= nowAt && meter.take(); begun += 1) {
      const dueAt = startedAt + (begun * 1_000) / perS;
      const ask = free.pop();
      if (ask === undefined) due.push(dueAt);
      else ask(dueAt);
    }
  }, TICK_MS);
  try {
    return await Promise.race([meter.result, failed]);
  } finally {
    clearInterval(clock);
    failed.catch(() => undefined);
    for (const socket of sockets) socket.destroy();
  }
}
