import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { loadSocketProxyConfig } from "./config.ts";
import { openEngine } from "./engine.ts";
import { makeSocketProxy } from "./make-proxy.ts";
import { edgeAccess, provisionerAccess } from "./routes.ts";

const STOP_DEADLINE_MS = 5_000;

const { host, port, engineSocket, access, logLevel } = loadSocketProxyConfig(process.env);
const log = makeLog("socket-proxy", logLevel);
const server = makeSocketProxy({
  access: access.profile === "edge" ? edgeAccess() : provisionerAccess(access.policy),
  engine: openEngine(engineSocket),
  log,
});

runUntilStopped({
  log,
  stopDeadlineMs: STOP_DEADLINE_MS,
  async stop() {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Event streams never end by themselves.
    server.closeAllConnections();
    await closed;
  },
});

server.listen(port, host);
await once(server, "listening");
log.info({ port: (server.address() as AddressInfo).port, profile: access.profile }, "listening");
reportReady();
