import { request, STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { endToEndHeaders, pairs } from "./hop-by-hop.ts";

/** Passes a WebSocket handshake on, then bytes in both directions until one side ends. Target and headers stay as sent. */
export function forwardUpgrade(
  req: IncomingMessage,
  client: Duplex,
  head: Buffer,
  backend: URL,
  unavailable: string,
): void {
  const upstream = request({
    host: backend.hostname,
    port: backend.port,
    method: req.method,
    path: req.url,
    headers: [...req.rawHeaders],
    setHost: false,
    agent: false,
  });
  upstream.on("upgrade", (answer, server, serverHead) => {
    client.write(headOf(answer.statusCode ?? 101, pairs(answer.rawHeaders)));
    if (serverHead.length > 0) client.write(serverHead);
    if (head.length > 0) server.write(head);
    tie(client, server);
  });
  upstream.on("response", (answer) => {
    client.write(headOf(answer.statusCode ?? 502, [...endToEndHeaders(answer.rawHeaders), ["Connection", "close"]]));
    answer.pipe(client);
  });
  upstream.on("error", () => client.end(unavailable));
  client.on("error", () => upstream.destroy());
  client.on("close", () => upstream.destroy());
  upstream.end();
}

/** Two sockets that live and die together. */
function tie(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

export function headOf(status: number, headers: readonly (readonly [string, string])[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
}
