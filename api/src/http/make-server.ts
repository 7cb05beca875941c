import { createServer, type Server } from "node:http";
import { SECOND_MS } from "@automna/core/shared/clock";
import { makePresence, type Presence } from "@automna/service-kit/presence";
import type { Express } from "express";

/**
 * The HTTP server around the app. For supervisors and the edge alone `presence` answers before it, whatever the database does, so that
 * the app is the contract and nothing else.
 */
export function makeServer(app: Express, presence: Presence = makePresence()): Server {
  const server = createServer((request, response) => {
    if (!presence.answer(request, response)) app(request, response);
  });
  server.headersTimeout = 10 * SECOND_MS;
  server.requestTimeout = 30 * SECOND_MS;
  // Longer than an edge keeps a connection, so that it never sends into one that we are closing.
  server.keepAliveTimeout = 75 * SECOND_MS;
  return server;
}
