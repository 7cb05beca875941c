import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { recordActivity, requestWake } from "@automna/records/activity";
import { findApiKey, noteApiKeyUse } from "@automna/records/api-keys";
import { findRoute } from "@automna/records/routes";
import { announceSessionSeen, listEndedSessions } from "@automna/records/sessions";
import { isDatabaseAway } from "@automna/records/database-errors";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { loadIngressConfig, toLimits } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { makeAccessLog } from "./ingress/access-log.ts";
import { makeIngress } from "./ingress/ingress.ts";
import { makeIngressMetrics } from "./ingress/metrics.ts";
import type { UsageMessage } from "./ingress/shared-usage.ts";
import { makeMetricsServer } from "./metrics-server.ts";
import { makeRequestIds } from "./request-ids.ts";
import { makePeers } from "./workers/peers.ts";
import { isPrimaryOf, runPrimary } from "./workers/run-primary.ts";

const config = loadIngressConfig(process.env);
const log = makeLog("ingress", config.INGRESS_LOG_LEVEL);
const { INGRESS_METRICS_HOST: metricsHost, INGRESS_METRICS_PORT: metricsPort } = config;
if (isPrimaryOf(config.INGRESS_PROCESSES))
  await runPrimary({
    count: config.INGRESS_PROCESSES,
    drainTimeoutMs: config.INGRESS_DRAIN_TIMEOUT_MS,
    metrics: metricsPort === undefined ? null : { host: metricsHost, port: metricsPort },
    log,
  });

const peers = makePeers<UsageMessage>();
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
const metrics = metricsPort === undefined ? null : makeIngressMetrics(() => ingress.counts);
if (peers !== null) metrics?.offerToPrimary();
const metricsServer = metrics === null || peers !== null ? null : makeMetricsServer(metrics);
const ingress = makeIngress({
  findRoute: (userId) => findRoute(pool, userId),
  listEndedSessions: (sinceMs) => listEndedSessions(pool, sinceMs),
  tellSessionSeen: (seen) => announceSessionSeen(pool, seen),
  apiKeys: { find: (id) => findApiKey(pool, id), noteUse: (key, nowMs) => noteApiKeyUse(pool, key, nowMs) },
  wakeAgent: (agent) => requestWake(pool, { ...agent, at: new Date() }),
  recordActivity: (userIds, at) => recordActivity(pool, userIds, at),
  listener,
  peers,
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
      // Otherwise nobody has to be told to go elsewhere: the supervisor is gone and its edge with it, or (SIGINT to a
      // worker) a new worker already listens on the same port.
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
  metricsServer.listen(metricsPort, metricsHost);
  await once(metricsServer, "listening");
  log.info({ port: (metricsServer.address() as AddressInfo).port }, "metrics listen");
}
reportReady();
