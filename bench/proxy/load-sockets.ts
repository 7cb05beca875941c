import { clientFrames, clientMessage } from "./frames.ts";
import type { Job, Measured, Target } from "./jobs.ts";
import { makeMeter } from "./meter.ts";
import { openSockets } from "./open-socket.ts";

/** Messages that come back, one under way on each socket. */
export async function echo(
  { sockets: socketCount, count }: Extract<Job, { kind: "echo" }>,
  target: Target,
): Promise<Measured> {
  const sockets = await openSockets(target, socketCount);
  const message = clientMessage();
  const meter = makeMeter(target.pid, count);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  for (const socket of sockets) {
    let sentAt = 0;
    const say = () => {
      if (!meter.take()) return;
      sentAt = performance.now();
      socket.write(message);
    };
    const onMessage = () => {
      meter.done(performance.now() - sentAt);
      say();
    };
    socket.on(
      "data",
      clientFrames((bytes) => void socket.write(bytes), onMessage),
    );
    socket.on("error", reject).on("close", () => reject(new Error("the proxy closed a socket")));
    say();
  }
  try {
    return await Promise.race([meter.result, failed]);
  } finally {
    failed.catch(() => undefined);
    for (const socket of sockets) socket.destroy();
  }
}
