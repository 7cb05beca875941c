import { once } from "node:events";
import { connect } from "node:net";
import type { Job, Measured, Target } from "./jobs.ts";
import { makeMeter } from "./meter.ts";
import { paths } from "./world.ts";

const HEAD_END = "\r\n\r\n";

/** Small answers over kept connections, one request at a time on each. Raw sockets: who asks shall not be what is measured. */
export async function askSmall(
  { connections, count }: Extract<Job, { kind: "small" }>,
  { port, pid, prefixes, headers }: Target,
): Promise<Measured> {
  const requests = prefixes.map((prefix, index) =>
    Buffer.from(formatRequest(prefix + paths.small, headers[index] ?? {})),
  );
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      return socket;
    }),
  );
  const meter = makeMeter(pid, count);
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

function formatRequest(path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: "bench.test", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** True for the chunk that ends an answer with a stated length. */
function makeAnswerReader(onWrong: (error: Error) => void): (chunk: Buffer) => boolean {
  let head = "";
  let left = -1;
  return (chunk) => {
    if (left === -1) {
      head += chunk.toString("latin1");
      const end = head.indexOf(HEAD_END);
      if (end === -1) return false;
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (!head.startsWith("HTTP/1.1 200") || Number.isNaN(length)) onWrong(new Error(`unexpected answer: ${head}`));
      left = length - (head.length - end - HEAD_END.length);
    } else left -= chunk.length;
    if (left > 0) return false;
    head = "";
    left = -1;
    return true;
  };
}
