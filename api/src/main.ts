import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { SECOND_MS } from "@automna/core/shared/clock";
import { createPrismaClient } from "@automna/prisma/client";
import { isDatabaseAway } from "@automna/records/database-errors";
import { makePool } from "@automna/records/pool";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makePresence } from "@automna/service-kit/presence";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { makeJobSender } from "@automna/service-kit/queue";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { Agent } from "undici";
import { makeReconcileHint } from "./agents/reconcile-hint.ts";
import { makeApp, type ApiDeps } from "./app.ts";
import { makeListPublished } from "./apps/list-published.ts";
import { makeBillingClock } from "./billing/billing-clock.ts";
import { openStripe } from "./billing/open-stripe.ts";
import { makeStripeInbox } from "./billing/stripe-inbox.ts";
import { loadApiConfig, type ApiConfig } from "./config.ts";
import { startCreditSweep } from "./credits/credit-sweep.ts";
import { makeServer } from "./http/make-server.ts";
import { makeAccountClock } from "./identity/accounts/account-clock.ts";
import { makeClerkInbox } from "./identity/clerk/clerk-inbox.ts";
import { openClerk } from "./identity/clerk/open-clerk.ts";
import { makeGuards } from "./identity/guards.ts";
import { openMail } from "./mail/open-mail.ts";
import { makeCheckModelKey } from "./key/check-model-key.ts";
import { makeReadCards } from "./referrals/card-reader.ts";
import { startPeopleSweep } from "./referrals/people-sweep.ts";
import { makeInboxWorker, refuseEvent } from "./webhooks/inbox-worker.ts";
import { makeRefusalCounter } from "./webhooks/refusal-counter.ts";

const DATABASE_CONNECTIONS = 10;
const LEDGER_CONNECTIONS = 5;
const QUEUE_CONNECTIONS = 2;
const STOP_DEADLINE_MS = 10 * SECOND_MS;
/** Between two looks into the inbox; what comes in is looked at at once. */
const INBOX_EVERY_MS = 5 * SECOND_MS;

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
  operatorOrganization: config.identity.issuer === "clerk" ? config.identity.operatorOrganization : null,
  now,
});
const identity = toIdentity(config.identity);
const stripe = config.stripe === null ? null : openStripe(config.stripe);
const clerkBackend = config.identity.issuer === "clerk" ? config.identity.backend : null;
const guards = makeGuards({
  db,
  pool,
  freeTier: config.freeTier,
  verifier,
  now,
  origin,
  local: identity.issuer === "local" ? identity.local : null,
  webhooks: {
    stripe:
      stripe === null || config.stripe === null
        ? null
        : { webhooks: stripe.webhooks, secret: config.stripe.webhookSecret },
    clerk: clerkBackend === null ? null : { secret: clerkBackend.webhookSecret },
  },
});
const refusals = makeRefusalCounter({ db, log, now });
const hint = makeReconcileHint(jobs, log);
const inbox = makeInboxWorker({
  db,
  log,
  now,
  everyMs: INBOX_EVERY_MS,
  handlers: {
    stripe: stripe === null ? refuseEvent : makeStripeInbox({ stripe, pool, now, hint }),
    clerk: clerkBackend === null ? refuseEvent : makeClerkInbox({ clerk: openClerk(clerkBackend), now, hint }),
  },
});
const clerk = clerkBackend === null ? null : openClerk(clerkBackend);
const accountClock = makeAccountClock({ db, pool, stripe, clerk, log, now, hint });
const billingClock = makeBillingClock({ db, pool, stripe, log, now, hint });
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
  stripe,
  refusals,
  apps:
    config.apps === null
      ? null
      : {
          origin: config.apps.origin,
          listPublished: makeListPublished({ ingressUrl: config.apps.ingressUrl, dispatcher, log }),
        },
  onReceived: inbox.poke,
  operatorAddress: config.mail.operatorAddress,
  onAccountEnding: accountClock.poke,
});
const presence = makePresence();
const server = makeServer(app, presence);

const stopPeopleSweep = startPeopleSweep({
  db,
  pool,
  readCards: makeReadCards(stripe),
  modelKeyRing: config.modelKeyRing,
  log,
  now,
});
const stopCreditSweep = startCreditSweep({ pool, now, log });
const mailWorker = openMail({ ...config.mail, db, pool, origin, keyRing: config.modelKeyRing, log, now });

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: STOP_DEADLINE_MS + config.drainNoticeMs,
  async stop(reason) {
    // Otherwise the supervisor is gone, and its edge with it.
    await presence.leave(reason === "SIGTERM" ? config.drainNoticeMs : 0);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    closeStreams();
    server.closeIdleConnections();
    await closed;
    const workers = [inbox, billingClock, accountClock, mailWorker];
    await Promise.all([...workers.map((worker) => worker.close()), refusals.flushed()]);
    await Promise.all([listener.close(), jobs.close(), dispatcher.close(), stopCreditSweep(), stopPeopleSweep()]);
    await pool.end();
    await db.$disconnect();
  },
});

server.listen(config.port, config.host);
await once(server, "listening");
log.info({ port: (server.address() as AddressInfo).port, issuer: identity.issuer }, "listening");
reportReady();

function toIdentity(configured: ApiConfig["identity"]): ApiDeps["identity"] {
  return configured.issuer === "clerk"
    ? { issuer: "clerk", publishableKey: configured.publishableKey, frontendUrl: configured.frontendUrl }
    : { issuer: "local", local: { ...configured, signingKey: createPrivateKey(configured.signingKey) } };
}
