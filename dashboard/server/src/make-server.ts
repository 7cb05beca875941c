import { createServer, type Server } from "node:http";
import type { Presence } from "@automna/service-kit/presence";
import type { Handler } from "./dashboard-files.ts";

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than an edge keeps a connection, so that it never sends into one that we are closing. */
const KEEP_ALIVE_MS = 75_000;

/** The dashboard's own HTTP server, for production; in the embedded set-up the edge serves the same files. */
export function makeDashboardServer(dashboard: Handler, presence: Presence): Server {
  const server = createServer((req, res) => {
    if (!presence.answer(req, res)) dashboard(req, res);
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}
