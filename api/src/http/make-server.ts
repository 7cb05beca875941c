import { createServer, type Server } from "node:http";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { Express } from "express";

/** For supervisors alone: says that the process answers, whatever its database does. No edge routes it. */
const LIVENESS_PATH = "/healthz";

/** The HTTP server around the app; liveness is answered before it, so that the app is the contract and nothing else. */
export function makeServer(app: Express): Server {
  const server = createServer((request, response) => {
    if (request.url !== LIVENESS_PATH) {
      app(request, response);
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify({ ok: true, status: "live" }));
  });
  server.headersTimeout = 10 * SECOND_MS;
  server.requestTimeout = 30 * SECOND_MS;
  // Longer than an edge keeps a connection, so that it never sends into one that we are closing.
  server.keepAliveTimeout = 75 * SECOND_MS;
  return server;
}
