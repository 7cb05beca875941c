import { findRoute } from "@automna/records/routes";
import { listEndedSessions } from "@automna/records/sessions";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { loadIngressConfig } from "./config.ts";
import { makeDatabasePool } from "./database-pool.ts";
import { makeIngress } from "./ingress/ingress.ts";
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
const ingress = makeIngress({
  findRoute: (userId) => findRoute(pool, userId),
  listEndedSessions: (sinceMs) => listEndedSessions(pool, sinceMs),
  listener,
  verifier,
  ring: config.INGRESS_SLOT_KEY_RING,
  origin: config.INGRESS_ORIGIN,
  newRequestId: makeRequestIds(),
  log,
  now: Date.now,
});

runUntilStopped({
  log,
  stopDeadlineMs: config.INGRESS_DRAIN_TIMEOUT_MS + 5_000,
  async stop() {
    await ingress.drain(config.INGRESS_DRAIN_TIMEOUT_MS);
    await listener.close();
    await pool.end();
  },
});

const port = await ingress.listen(config.INGRESS_HOST, config.INGRESS_PORT);
log.info({ host: config.INGRESS_HOST, port }, "ingress listens");
reportReady();
