import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makePresence } from "@automna/service-kit/presence";
import { loadDashboardConfig } from "./config.ts";
import { makeDashboardHandler } from "./dashboard-files.ts";
import { makeDashboardServer } from "./make-server.ts";

const STOP_DEADLINE_MS = 5_000;

const config = loadDashboardConfig(process.env);
const log = makeLog("dashboard");
const presence = makePresence();
const server = makeDashboardServer(makeDashboardHandler(config.folder, config.clerkFrontend), presence);

runUntilStopped({
  log,
  stopDeadlineMs: STOP_DEADLINE_MS + config.drainNoticeMs,
  async stop() {
    await presence.leave(config.drainNoticeMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await closed;
  },
});

server.listen(config.port, config.host);
await once(server, "listening");
log.info({ port: (server.address() as AddressInfo).port }, "listening");
reportReady();
