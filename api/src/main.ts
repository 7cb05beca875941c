import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { SECOND_MS } from "@automna/core/shared/clock";
import { createPrismaClient } from "@automna/prisma/client";
import { makePool } from "@automna/records/pool";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeJobSender } from "@automna/service-kit/queue";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { Agent } from "undici";
import { makeApp, type ApiDeps } from "./app.ts";
import { loadApiConfig, type ApiConfig } from "./config.ts";
import { makeServer } from "./http/make-server.ts";
import { makeGuards } from "./identity/guards.ts";
import { makeCheckModelKey } from "./key/check-model-key.ts";

const DATABASE_CONNECTIONS = 10;
const LEDGER_CONNECTIONS = 5;
const QUEUE_CONNECTIONS = 2;
const STOP_DEADLINE_MS = 10 * SECOND_MS;

const config = loadApiConfig(process.env);
const { origin, databaseUrl } = config;
const now = Date.now;
const log = makeLog("api", config.logLevel);

const db = createPrismaClient(databaseUrl, { max: DATABASE_CONNECTIONS });
const pool = makePool(databaseUrl, { max: LEDGER_CONNECTIONS });
const listener = makeNotifyListener(databaseUrl, log);
const jobs = makeJobSender(
  AGENTS_QUEUE,
  config.queueRedisUrl === null
    ? { kind: "postgres", connectionString: databaseUrl, max: QUEUE_CONNECTIONS }
    : { kind: "redis", url: config.queueRedisUrl },
  log,
);
const dispatcher = new Agent();
const verifier = makeSessionVerifier({
  jwtKey: config.identity.jwtKey,
  issuer: config.identity.sessionIssuer,
  authorizedParties: [origin],
  now,
});
const identity = toIdentity(config.identity);
const guards = makeGuards({ db, verifier, now, origin, local: identity.issuer === "local" ? identity.local : null });
const checkModelKey = makeCheckModelKey({ providerUrl: config.modelProviderUrl, dispatcher, log });

const { app, closeStreams } = makeApp({
  ...config,
  db,
  pool,
  jobs,
  listener,
  log,
  now,
  guards,
  identity,
  checkModelKey,
});
const server = makeServer(app);

runUntilStopped({
  log,
  stopDeadlineMs: STOP_DEADLINE_MS,
  async stop() {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    closeStreams();
    server.closeIdleConnections();
    await closed;
    await Promise.all([listener.close(), jobs.close(), dispatcher.close(), pool.end()]);
    await db.$disconnect();
  },
});

server.listen(config.port, config.host);
await once(server, "listening");
log.info({ port: (server.address() as AddressInfo).port, issuer: identity.issuer }, "listening");
reportReady();

function toIdentity(configured: ApiConfig["identity"]): ApiDeps["identity"] {
  return configured.issuer === "clerk"
    ? { issuer: "clerk", publishableKey: configured.publishableKey }
    : { issuer: "local", local: { ...configured, signingKey: createPrivateKey(configured.signingKey) } };
}
