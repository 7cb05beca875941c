import { findModelAccess } from "@automna/records/model-access";
import { isDatabaseAway } from "@automna/records/database-errors";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { loadEgressConfig } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { makeEgress } from "./egress/egress.ts";
import { isPrimaryOf, runPrimary } from "./workers/run-primary.ts";

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
  log,
  now: Date.now,
});

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: config.EGRESS_DRAIN_TIMEOUT_MS + 5_000,
  async stop() {
    await egress.drain(config.EGRESS_DRAIN_TIMEOUT_MS);
    await listener.close();
    await pool.end();
  },
});

const port = await egress.listen(config.EGRESS_HOST, config.EGRESS_PORT);
log.info({ host: config.EGRESS_HOST, port }, "egress listens");
reportReady();
