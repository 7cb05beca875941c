import { once } from "node:events";
import { makeOperationBatcher } from "@automna/records/credits/operation-batcher";
import { findModelAccess } from "@automna/records/model-access";
import { isDatabaseAway } from "@automna/records/database-errors";
import { insertUsage } from "@automna/records/usage/model-usage";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { loadEgressConfig } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { defaultCallLimits } from "./egress/call-limits.ts";
import { makeEgress } from "./egress/egress.ts";
import { makeMetricsServer } from "./metrics-server.ts";
import { isPrimaryOf, runPrimary } from "./workers/run-primary.ts";

/** What a run costs is settled even if the database is away for a while; the holds outlast it. */
const SETTLE_FOR_MS = 60_000;
/** Of the pool's five connections; look-ups and usage rows take the others. */
const LEDGER_LANES = 3;

const config = loadEgressConfig(process.env);
const log = makeLog("egress", config.EGRESS_LOG_LEVEL);
if (isPrimaryOf(config.EGRESS_PROCESSES))
  await runPrimary({
    count: config.EGRESS_PROCESSES,
    drainTimeoutMs: config.EGRESS_DRAIN_TIMEOUT_MS,
    metrics: null,
    log,
  });

const pool = makeDatabasePool(config.EGRESS_DATABASE_URL, log);
const listener = makeNotifyListener(config.EGRESS_DATABASE_URL, log);
const egress = makeEgress({
  findModelAccess: (slotId) => findModelAccess(pool, slotId),
  listener,
  ring: config.EGRESS_MODEL_KEY_RING,
  providerUrl: config.EGRESS_MODEL_PROVIDER_URL,
  platformKey: config.EGRESS_PLATFORM_KEY ?? null,
  meteringRule: config.EGRESS_METERING_RULE,
  limits: { ...defaultCallLimits, callsPerS: config.EGRESS_AGENT_CALLS_PER_S },
  ledger: makeOperationBatcher({ pool, now: Date.now, lanes: LEDGER_LANES, gatherMs: 0, retryForMs: SETTLE_FOR_MS }),
  insertUsage: (rows) => insertUsage(pool, rows),
  log,
  now: Date.now,
});

const metricsServer = config.EGRESS_METRICS_PORT === undefined ? null : makeMetricsServer(egress.metrics);

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: config.EGRESS_DRAIN_TIMEOUT_MS + 5_000,
  async stop() {
    metricsServer?.close();
    await egress.drain(config.EGRESS_DRAIN_TIMEOUT_MS);
    await listener.close();
    await pool.end();
  },
});

const port = await egress.listen(config.EGRESS_HOST, config.EGRESS_PORT);
if (metricsServer !== null) {
  metricsServer.listen(config.EGRESS_METRICS_PORT, config.EGRESS_METRICS_HOST);
  await once(metricsServer, "listening");
}
log.info({ host: config.EGRESS_HOST, port }, "egress listens");
reportReady();
