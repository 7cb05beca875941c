import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Target } from "./jobs.ts";
import { paths } from "./world.ts";

const HEAD_END = "\r\n\r\n";

/** Connections to a proxy. Raw sockets: who asks shall not be what is measured. */
export function openConnections({ port }: Target, count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      return socket;
    }),
  );
}

/** A request for a small answer, for each user of the target. */
export function formatRequests({ prefixes, headers }: Target): Buffer[] {
  return prefixes.map((prefix, index) => {
    const lines = Object.entries({ host: "bench.test", ...headers[index] }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    return Buffer.from(`GET ${prefix}${paths.small} HTTP/1.1\r\n${lines.join("")}\r\n`);
  });
}

/** True for the chunk that ends an answer with a stated length. */
export function makeAnswerReader(onWrong: (error: Error) => void): (chunk: Buffer) => boolean {
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
