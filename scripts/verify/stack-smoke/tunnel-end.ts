import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Stands for Cloudflare: cloudflared's stand-in dials in, and what visitors send comes out at its side. */
export interface TunnelEnd {
  /** What visitors call. */
  origin: string;
  /** What cloudflared's stand-in is given. */
  token: string;
  /** Tunnels without the right token's secret. */
  refused: () => number;
  close: () => Promise<void>;
}

const VISITOR_TIMEOUT_MS = 10_000;

/** `host`: this machine's address on the lab's wire. */
export async function startTunnelEnd(host: string): Promise<TunnelEnd> {
  const secret = randomBytes(32).toString("base64url");
  const spare: Socket[] = [];
  const waiting: Socket[] = [];
  let refusals = 0;

  const pair = () => {
    while (spare.length > 0 && waiting.length > 0) {
      const [tunnel, visitor] = [spare.shift(), waiting.shift()];
      if (tunnel === undefined || visitor === undefined) return;
      visitor.setTimeout(0);
      visitor.on("close", () => tunnel.destroy());
      tunnel.on("close", () => visitor.destroy());
      visitor.pipe(tunnel).pipe(visitor);
    }
  };
  const drop = (list: Socket[], socket: Socket) => {
    const at = list.indexOf(socket);
    if (at >= 0) list.splice(at, 1);
  };

  const tunnels = createServer((tunnel) => {
    tunnel.on("error", () => undefined);
    tunnel.once("close", () => drop(spare, tunnel));
    tunnel.once("data", (first: Buffer) => {
      if (first.toString("utf8") === `${secret}\n`) {
        spare.push(tunnel);
        return pair();
      }
      refusals += 1;
      tunnel.destroy();
    });
  });
  const visitors = createServer((visitor) => {
    visitor.on("error", () => undefined);
    visitor.once("close", () => drop(waiting, visitor));
    visitor.setTimeout(VISITOR_TIMEOUT_MS, () => visitor.destroy());
    waiting.push(visitor);
    pair();
  });
  const open = new Set<Socket>();
  const port = await listen(tunnels, host, open);
  const visitorsPort = await listen(visitors, "127.0.0.1", open);

  return {
    origin: `http://127.0.0.1:${visitorsPort}`,
    token: Buffer.from(JSON.stringify({ host, port, secret })).toString("base64url"),
    refused: () => refusals,
    async close() {
      for (const socket of open) socket.destroy();
      const closed = [tunnels, visitors].map((server) => once(server.close(), "close"));
      await Promise.all(closed);
    },
  };
}

async function listen(server: Server, host: string, open: Set<Socket>): Promise<number> {
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
