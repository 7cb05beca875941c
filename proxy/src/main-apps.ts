import { once } from "node:events";
import { requestWake } from "@automna/records/activity";
import { findAppSite, findHandleOwner, isSessionOver, redeemAppTicket } from "@automna/records/apps";
import { isDatabaseAway } from "@automna/records/database-errors";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeAppMetrics } from "./apps/app-metrics.ts";
import { makeAppsListener } from "./apps/apps-listener.ts";
import { loadAppsConfig } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { makeMetricsServer } from "./metrics-server.ts";
import { makeRequestIds } from "./request-ids.ts";

const config = loadAppsConfig(process.env);
const log = makeLog("apps", config.APPS_LOG_LEVEL);
const pool = makeDatabasePool(config.APPS_DATABASE_URL, log);
const listener = makeNotifyListener(config.APPS_DATABASE_URL, log);
const metrics = config.APPS_METRICS_PORT === undefined ? null : makeAppMetrics(() => apps.counts);
const metricsServer = metrics === null ? null : makeMetricsServer(metrics);
const apps = makeAppsListener({
  findHandleOwner: (handle) => findHandleOwner(pool, handle),
  findSite: (userId) => findAppSite(pool, userId),
  isSessionOver: (sessionId) => isSessionOver(pool, sessionId),
  redeemTicket: (hash) => redeemAppTicket(pool, hash, new Date()),
  ring: config.APPS_SLOT_KEY_RING,
  appsOrigin: config.APPS_ORIGIN,
  passKey: config.APPS_PASS_KEY,
  addressHeader: config.APPS_ADDRESS_HEADER,
  wakeAgent: (agent) => requestWake(pool, { ...agent, at: new Date() }),
  listener,
  newRequestId: makeRequestIds(),
  onVisit(visit) {
    log.info(visit.toLogLine(), "access");
    metrics?.observe(visit);
  },
  log,
  now: Date.now,
});

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: config.APPS_DRAIN_TIMEOUT_MS + 5_000,
  async stop(reason) {
    await apps.drain({
      timeoutMs: config.APPS_DRAIN_TIMEOUT_MS,
      // Otherwise the supervisor is gone, and its edge with it.
      noticeMs: reason === "SIGTERM" ? config.APPS_DRAIN_NOTICE_MS : 0,
    });
    metricsServer?.close();
    await listener.close();
    await pool.end();
  },
});

const port = await apps.listen(config.APPS_HOST, config.APPS_PORT);
log.info({ host: config.APPS_HOST, port }, "apps listen");
if (metricsServer !== null) {
  metricsServer.listen(config.APPS_METRICS_PORT, config.APPS_METRICS_HOST);
  await once(metricsServer, "listening");
}
reportReady();
