import { once } from "node:events";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { loadConfig, portSchema } from "@automna/service-kit/load-config";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { z } from "zod";
import { makeDashboardHandler } from "@automna/dashboard-server/dashboard-files";
import { makeEdgeServer } from "./server.ts";

const schema = z.object({
  EDGE_PORT: portSchema.describe("port of the one local address"),
  EDGE_API_URL: z.url().describe("where the api listens"),
  EDGE_INGRESS_URL: z.url().describe("where the proxy's ingress listens"),
  EDGE_APPS_URL: z.url().describe("where the proxy's apps listener listens"),
  EDGE_APPS_HOSTNAME: z.string().min(1).describe("the apps domain; everything below it goes there"),
  EDGE_DASHBOARD_DIR: z.string().describe("folder of the built dashboard"),
  EDGE_CLERK_FRONTEND_URL: z
    .url()
    .optional()
    .describe("Clerk's frontend API, which pages may reach; not with the local issuer"),
});
/** Browsers take "localhost" for either; other machines reach neither. */
const LOOPBACK = ["127.0.0.1", "::1"];
const STOP_DEADLINE_MS = 3_000;

const config = loadConfig(schema, process.env);
const log = makeLog("edge");
const clerkFrontend =
  config.EDGE_CLERK_FRONTEND_URL === undefined ? null : new URL(config.EDGE_CLERK_FRONTEND_URL).origin;
const deps = {
  backends: {
    api: new URL(config.EDGE_API_URL),
    ingress: new URL(config.EDGE_INGRESS_URL),
    apps: new URL(config.EDGE_APPS_URL),
  },
  appsHostname: config.EDGE_APPS_HOSTNAME,
  dashboard: makeDashboardHandler(config.EDGE_DASHBOARD_DIR, clerkFrontend),
};
const servers: Server[] = [];
const sockets = new Set<Duplex>();

runUntilStopped({
  log,
  stopDeadlineMs: STOP_DEADLINE_MS,
  async stop() {
    for (const server of servers) server.close();
    // Event streams and WebSockets never end by themselves.
    for (const socket of sockets) socket.destroy();
  },
});

for (const host of LOOPBACK) {
  const server = makeEdgeServer(deps);
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  if (await listens(server, host)) servers.push(server);
}
log.info({ port: config.EDGE_PORT }, "listening");
reportReady();

/** False when this machine has no such address. */
async function listens(server: Server, host: string): Promise<boolean> {
  try {
    server.listen(config.EDGE_PORT, host);
    await once(server, "listening");
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (host === "::1" && (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")) return false;
    throw error;
  }
}
