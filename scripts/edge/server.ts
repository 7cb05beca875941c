import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Handler } from "@automna/dashboard-server/dashboard-files";
import { forwardHttp } from "./forward-http.ts";
import { forwardUpgrade } from "./forward-upgrade.ts";
import { isAppsHost, routeOf, type EdgeRoute } from "./route.ts";
import { answerUnavailable, UNAVAILABLE_HANDSHAKE } from "./unavailable.ts";

export interface EdgeDeps {
  backends: Record<Exclude<EdgeRoute, "dashboard">, URL>;
  /** Everything below this name belongs to published apps. */
  appsHostname: string;
  dashboard: Handler;
}

/** The one origin of the embedded set-up: stands where Traefik stands in production, and decides nothing about access. */
export function makeEdgeServer({ backends, appsHostname, dashboard }: EdgeDeps): Server {
  const choose = ({ headers, url }: IncomingMessage): EdgeRoute =>
    isAppsHost(headers.host, appsHostname) ? "apps" : routeOf(url ?? "/");
  const server = createServer((req, res) => {
    const route = choose(req);
    if (route === "dashboard") dashboard(req, res);
    else forwardHttp(req, res, backends[route], () => answerUnavailable(req, res));
  });
  server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const route = choose(req);
    if (route === "dashboard") socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else forwardUpgrade(req, socket, head, backends[route], UNAVAILABLE_HANDSHAKE);
  });
  // Uploads and streams take what they take; headersTimeout still guards the beginning of a request.
  server.requestTimeout = 0;
  return server;
}
