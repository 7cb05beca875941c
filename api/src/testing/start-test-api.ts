import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createPrismaClient } from "@automna/prisma/client";
import type { Database } from "@automna/records/database";
import { makePool, type Pool } from "@automna/records/pool";
import { makeSilentLog, type Logger } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import type { JobSender } from "@automna/service-kit/queue";
import { newKeyRingJson, parseKeyRing, type KeyRing } from "@automna/service-kit/secret-box";
import { makeSessionVerifier } from "@automna/service-kit/session-verifier";
import { makeStartToken, startLink } from "@automna/service-kit/start-link";
import { findFreePort } from "@automna/testkit/free-port";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { ClerkClient } from "@clerk/express";
import { DAY_MS } from "@automna/core/shared/clock";
import type { Stripe } from "stripe";
import { Agent } from "undici";
import { makeApp, type Api } from "../app.ts";
import type { AppsSite } from "../apps/app-handlers.ts";
import { makeStripeInbox } from "../billing/stripe-inbox.ts";
import { makeServer } from "../http/make-server.ts";
import { makeClerkInbox } from "../identity/clerk/clerk-inbox.ts";
import { makeGuards, type Guards } from "../identity/guards.ts";
import { makeCheckModelKey } from "../key/check-model-key.ts";
import { openMail } from "../mail/open-mail.ts";
import type { MailWorker } from "../mail/mail-worker.ts";
import { makeInboxWorker, refuseEvent, type HandleInboxEvent, type InboxWorker } from "../webhooks/inbox-worker.ts";
import { makeRefusalCounter, type RefusalCounter } from "../webhooks/refusal-counter.ts";
import type { WebhookGuards } from "../webhooks/webhook-guards.ts";
import { makeTestIssuer, type TestIssuer } from "./test-issuer.ts";

export interface TestApiOptions {
  /** Connection with the api's own rights. */
  databaseUrl: string;
  /** Clients that die when they are told to, in place of calm ones. */
  clients?: { db: Database; pool: Pool };
  /** Guards that are switched off, by what stands in for them. */
  guards?: Partial<Omit<Guards, "webhooks">>;
  webhookGuards?: Partial<WebhookGuards>;
  /** Stands in for what is done about Stripe's events. */
  stripeInbox?: HandleInboxEvent;
  /** Stripe's stand-in. */
  stripe?: { stripe: Stripe; webhookSecret: string };
  /** Clerk's stand-in. */
  clerk?: { client: ClerkClient; webhookSecret: string };
  /** A mail server; without one mails are captured, into no folder. */
  smtpUrl?: string;
  modelProviderUrl?: string;
  /** Stands in for the queue; by default hints are only counted. */
  jobs?: Pick<JobSender, "add">;
  identity?: "local" | "clerk";
  /** Plan of those who pay nothing: `local` when not given. */
  freeTier?: Tier | null;
  /** Moves the api's clock, ms. */
  clockOffsetMs?: () => number;
  heartbeatMs?: number;
  /** Where apps are; by default agents don't answer. */
  apps?: AppsSite | null;
  trialDays?: number;
  log?: Logger;
}

export interface TestApi extends Pick<Api, "app"> {
  origin: string;
  guards: Guards;
  issuer: TestIssuer;
  db: Database;
  pool: Pool;
  modelKeyRing: KeyRing;
  /** Agents that hints were sent for. */
  hints: string[];
  /** Works only when it is told to: `runOnce`. */
  inbox: InboxWorker;
  refusals: RefusalCounter;
  /** Sends mails only when it is told to: `runOnce`. */
  mail: MailWorker;
  /** A fresh link for one browser. */
  startLink: () => string;
  isListening: () => boolean;
  close: () => Promise<void>;
}

/** The real api on a free loopback port over a real database, with an issuer, a key ring and a queue of its own. */
export async function startTestApi(options: TestApiOptions): Promise<TestApi> {
  const { databaseUrl, identity: issuerName = "local", log = makeSilentLog(), clockOffsetMs = () => 0 } = options;
  const now = () => Date.now() + clockOffsetMs();
  const issuer = makeTestIssuer();
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const db = options.clients?.db ?? createPrismaClient(databaseUrl, { max: 4 });
  const pool = options.clients?.pool ?? makePool(databaseUrl, { max: 4 });
  const listener = makeNotifyListener(databaseUrl, log);
  const dispatcher = new Agent();
  const modelKeyRing = parseKeyRing(newKeyRingJson());
  const hints: string[] = [];
  const countHints: Pick<JobSender, "add"> = {
    add: async (_name, { agentId }) => {
      hints.push(agentId);
    },
  };

  const verifier = makeSessionVerifier({
    jwtKey: issuer.jwtKey,
    issuer: issuer.sessionIssuer,
    authorizedParties: [origin],
    now,
  });
  const isLocal = issuerName === "local";
  const { stripe, clerk, freeTier = "local" } = options;
  const guards = makeGuards({
    db,
    pool,
    freeTier,
    verifier,
    now,
    origin,
    local: isLocal ? issuer : null,
    webhooks: {
      stripe: stripe === undefined ? null : { webhooks: stripe.stripe.webhooks, secret: stripe.webhookSecret },
      clerk: clerk === undefined ? null : { secret: clerk.webhookSecret },
    },
  });
  const refusals = makeRefusalCounter({ db, log, now });
  const hint = async (agentId: string) => void hints.push(agentId);
  const inbox = makeInboxWorker({
    db,
    log,
    now,
    everyMs: DAY_MS,
    handlers: {
      stripe:
        options.stripeInbox ??
        (stripe === undefined ? refuseEvent : makeStripeInbox({ stripe: stripe.stripe, pool, now, hint })),
      clerk: clerk === undefined ? refuseEvent : makeClerkInbox({ clerk: clerk.client, now, hint }),
    },
  });
  const mail = openMail({
    smtp:
      options.smtpUrl === undefined
        ? null
        : { url: options.smtpUrl, from: { name: "Automna", address: "hello@automna.test" }, silenceTimeoutMs: 2_000 },
    folder: null,
    db,
    pool,
    origin,
    keyRing: modelKeyRing,
    log,
    now,
    everyMs: DAY_MS,
  });
  const { app, closeStreams } = makeApp({
    db,
    pool,
    listener,
    log,
    now,
    origin,
    modelKeyRing,
    jobs: options.jobs ?? countHints,
    guards: { ...guards, ...options.guards, webhooks: { ...guards.webhooks, ...options.webhookGuards } },
    stripe: stripe?.stripe ?? null,
    refusals,
    onReceived: () => undefined,
    identity: isLocal
      ? { issuer: "local", local: issuer }
      : { issuer: "clerk", publishableKey: "pk_test_Y2xlcmsudGVzdCQ" },
    checkModelKey: makeCheckModelKey({
      providerUrl: options.modelProviderUrl ?? "http://127.0.0.1:9",
      dispatcher,
      log,
    }),
    freeTier,
    onAccountEnding: () => undefined,
    apps: options.apps === undefined ? { origin: "http://apps.test", listPublished: async () => null } : options.apps,
    ...(options.trialDays === undefined ? {} : { trialDays: options.trialDays }),
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
  });
  const server = makeServer(app);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");

  return {
    app,
    guards,
    origin,
    issuer,
    db,
    pool,
    modelKeyRing,
    hints,
    inbox,
    refusals,
    mail,
    startLink: () =>
      startLink(
        origin,
        makeStartToken(issuer.startKey, { nonce: randomBytes(16).toString("base64url"), expiresAtMs: now() + 60_000 }),
      ),
    isListening: listener.isConnected,
    async close() {
      closeStreams();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, mail.close(), listener.close(), dispatcher.close(), pool.end()]);
      await db.$disconnect();
    },
  };
}
