import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { findApiKey, noteApiKeyUse } from "@automna/records/api-keys";
import { findRoute } from "@automna/records/routes";
import { listEndedSessions } from "@automna/records/sessions";
import { isDatabaseAway } from "@automna/records/database-errors";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { loadIngressConfig, toLimits } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { makeAccessLog } from "./ingress/access-log.ts";
import { makeIngress } from "./ingress/ingress.ts";
import { makeMetricsServer } from "./ingress/metrics-server.ts";
import { makeIngressMetrics } from "./ingress/metrics.ts";
import { makeRequestIds } from "./request-ids.ts";

const config = loadIngressConfig(process.env);
const log = makeLog("ingress", config.INGRESS_LOG_LEVEL);
const pool = makeDatabasePool(config.INGRESS_DATABASE_URL, log);
const listener = makeNotifyListener(config.INGRESS_DATABASE_URL, log);
const verifier = makeSessionVerifier({
  jwtKey: config.INGRESS_SESSION_JWT_KEY,
  issuer: config.INGRESS_SESSION_ISSUER,
  authorizedParties: [config.INGRESS_ORIGIN],
  now: Date.now,
});
const accessLog = makeAccessLog({
  write: (text) => process.stdout.write(text),
  now: Date.now,
});
const metrics = config.INGRESS_METRICS_PORT === undefined ? null : makeIngressMetrics(() => ingress.counts);
const metricsServer = metrics === null ? null : makeMetricsServer(metrics);
const ingress = makeIngress({
  findRoute: (userId) => findRoute(pool, userId),
  listEndedSessions: (sinceMs) => listEndedSessions(pool, sinceMs),
  apiKeys: { find: (id) => findApiKey(pool, id), noteUse: (key, nowMs) => noteApiKeyUse(pool, key, nowMs) },
  listener,
  verifier,
  ring: config.INGRESS_SLOT_KEY_RING,
  origin: config.INGRESS_ORIGIN,
  newRequestId: makeRequestIds(),
  heartbeatMs: config.INGRESS_HEARTBEAT_MS,
  limits: toLimits(config),
  onPassage(passage, endedAt) {
    accessLog.add(passage, endedAt);
    metrics?.observe(passage, endedAt);
  },
  log,
  now: Date.now,
});

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: config.INGRESS_DRAIN_TIMEOUT_MS + 5_000,
  async stop(reason) {
    await ingress.drain({
      timeoutMs: config.INGRESS_DRAIN_TIMEOUT_MS,
      // Nobody who could be told: the supervisor is gone, and its edge with it.
      noticeMs: reason === "SIGTERM" ? config.INGRESS_DRAIN_NOTICE_MS : 0,
    });
    metricsServer?.close();
    accessLog.flush();
    await listener.close();
    await pool.end();
  },
});

const port = await ingress.listen(config.INGRESS_HOST, config.INGRESS_PORT);
log.info({ host: config.INGRESS_HOST, port }, "ingress listens");
if (metricsServer !== null) {
  metricsServer.listen(config.INGRESS_METRICS_PORT, config.INGRESS_METRICS_HOST);
  await once(metricsServer, "listening");
  log.info({ port: (metricsServer.address() as AddressInfo).port }, "metrics listen");
}
reportReady();
