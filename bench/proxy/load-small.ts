import type { Job, Measured, Target } from "./jobs.ts";
import { makeMeter } from "./meter.ts";
import { formatRequests, makeAnswerReader, openConnections } from "./small-request.ts";

/** Small answers over kept connections, one request at a time on each, as fast as they come. */
export async function askSmall(
  { connections, count }: Extract<Job, { kind: "small" }>,
  target: Target,
): Promise<Measured> {
  const requests = formatRequests(target);
  const sockets = await openConnections(target, connections);
  const meter = makeMeter(target.pid, count);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  let turn = 0;
  for (const socket of sockets) {
    let askedAt = 0;
    const ask = () => {
      if (!meter.take()) return;
      askedAt = performance.now();
      turn += 1;
      socket.write(requests[turn % requests.length] ?? "");
    };
    const isWhole = makeAnswerReader(reject);
    socket.on("data", (chunk) => {
      if (!isWhole(chunk)) return;
      meter.done(performance.now() - askedAt);
      ask();
    });
    socket.on("error", reject).on("close", () => reject(new Error("the proxy closed a connection")));
    ask();
  }
  try {
    return await Promise.race([meter.result, failed]);
  } finally {
    failed.catch(() => undefined);
    for (const socket of sockets) socket.destroy();
  }
}
