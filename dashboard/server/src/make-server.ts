import { createServer, type Server } from "node:http";
import type { Handler } from "./dashboard-files.ts";

/** For supervisors alone; no edge routes it. */
const LIVENESS_PATH = "/healthz";
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than an edge keeps a connection, so that it never sends into one that we are closing. */
const KEEP_ALIVE_MS = 75_000;

/** The dashboard's own HTTP server, for production; in the embedded set-up the edge serves the same files. */
export function makeDashboardServer(dashboard: Handler): Server {
  const server = createServer((req, res) => {
    if (req.url !== LIVENESS_PATH) {
      dashboard(req, res);
      return;
    }
    res.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    res.end(JSON.stringify({ ok: true, status: "live" }));
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}
