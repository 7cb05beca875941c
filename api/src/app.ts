import { HOUR_MS, MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { JobSender } from "@automna/service-kit/queue";
import type { KeyRing } from "@automna/service-kit/secret-box";
import express, { type Express } from "express";
import type { Stripe } from "stripe";
import { makeAdminHandlers } from "./admin/admin-handlers.ts";
import { makeCellHandlers } from "./admin/cells/cell-handlers.ts";
import { makeSupportHandlers } from "./admin/support-handlers.ts";
import { makeAgentHandlers } from "./agents/agent-handlers.ts";
import { makeAgentStreams } from "./agents/agent-streams.ts";
import { makeReconcileHint } from "./agents/reconcile-hint.ts";
import { makeAppHandlers, type AppsSite } from "./apps/app-handlers.ts";
import { makeCreditsHandlers } from "./credits/credits-handlers.ts";
import { makeFindTier } from "./credits/find-tier.ts";
import { makeApiKeyHandlers } from "./api-keys/api-key-handlers.ts";
import { makeBillingHandlers } from "./billing/billing-handlers.ts";
import { ensureOverageItem } from "./billing/overage-item.ts";
import { makeFeedbackHandlers } from "./feedback/feedback-handlers.ts";
import { makeHealthHandlers } from "./health/health-handlers.ts";
import { answerError } from "./http/answer-error.ts";
import { makeAnswerUnknown } from "./http/answer-unknown.ts";
import { listRoutes, mountRoutes } from "./http/mount-routes.ts";
import { makeOpenApi } from "./http/openapi.ts";
import { makeRateLimit } from "./http/rate-limit.ts";
import { makeClientAddress } from "./http/client-address.ts";
import { makeRequestContext } from "./http/request-context.ts";
import type { Handlers } from "./http/routes.ts";
import type { Guards } from "./identity/guards.ts";
import { makeAccountHandlers } from "./identity/accounts/account-handlers.ts";
import { makeIdentityHandlers } from "./identity/identity-handlers.ts";
import { makeAbsentLocalHandlers, makeLocalHandlers, type LocalIssuer } from "./identity/local/local-handlers.ts";
import type { CheckModelKey } from "./key/check-model-key.ts";
import { makeKeyHandlers } from "./key/key-handlers.ts";
import { makeMailAdmin } from "./mail/mail-admin.ts";
import { makeReferralHandlers } from "./referrals/referral-handlers.ts";
import { makeWaitlistAdmin } from "./waitlist/waitlist-admin.ts";
import { makeWaitlistHandlers } from "./waitlist/waitlist-handlers.ts";
import type { RefusalCounter } from "./webhooks/refusal-counter.ts";
import { makeWebhookHandlers } from "./webhooks/webhook-handlers.ts";

export { listRoutes } from "./http/mount-routes.ts";

export interface ApiDeps {
  db: Database;
  /** For the ledger, which keeps its own transactions. */
  pool: Pool;
  jobs: Pick<JobSender, "add">;
  listener: Pick<NotifyListener, "on" | "onReconnect">;
  log: Logger;
  now: Clock;
  /** Everything that keeps somebody out; a scenario replaces exactly one by a function that lets all pass. */
  guards: Guards;
  origin: string;
  identity: { issuer: "local"; local: LocalIssuer } | { issuer: "clerk"; publishableKey: string; frontendUrl: string };
  checkModelKey: CheckModelKey;
  /** Null = nothing is sold here. */
  stripe: Stripe | null;
  /** Days that a first plan may be tried for; none when not given. */
  trialDays?: number;
  refusals: Pick<RefusalCounter, "count">;
  /** Something new is in the inbox. */
  onReceived: () => void;
  modelKeyRing: KeyRing;
  /** Plan of those who pay nothing; null = plans are bought. */
  freeTier: Tier | null;
  /** An account is to end. */
  onAccountEnding: () => void;
  /** Null = apps are not served here. */
  apps: AppsSite | null;
  /** Egress has the key behind credits. */
  hasPlatformKey: boolean;
  /** Who reads what customers write; null = it is only kept. */
  operatorAddress: string | null;
  /** Invitations that may be open or used at once. */
  betaCap: number;
  /** Header in which the edge tells where a request comes from; null = there is none. */
  clientAddressHeader: string | null;
  /** Between two comments of a quiet stream, ms; 15 s when not given. */
  heartbeatMs?: number;
}

export interface Api {
  app: Express;
  /** Ends the streams, which would otherwise keep a stopping server open. */
  closeStreams: () => void;
}

/** Calls per minute: far above what a person does, far below what a program could. */
const PER_MINUTE = {
  signIn: 30,
  key: 20,
  deploy: 20,
  billing: 20,
  apiKeys: 20,
  operator: 60,
  apps: 60,
  referral: 10,
} as const;
/** What makes a mail. */
const PER_HOUR = { waitlist: 20, feedback: 10 } as const;

/** The whole api over its dependencies: mounts the contract's routes and nothing else. */
export function makeApp(deps: ApiDeps): Api {
  const { guards, log, now } = deps;
  const streams = makeAgentStreams(deps);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.set("query parser", "simple");
  app.use(makeRequestContext(log, now));
  mountRoutes(app, makeHandlers(deps, streams), guards);
  app.use(makeAnswerUnknown(listRoutes(app)));
  app.use(answerError);
  return { app, closeStreams: streams.closeAll };
}

function makeHandlers(deps: ApiDeps, streams: ReturnType<typeof makeAgentStreams>): Handlers {
  const { db, guards, identity, jobs, log, now, stripe } = deps;
  const openApi = makeOpenApi();
  const hint = makeReconcileHint(jobs, log);
  const findTier = makeFindTier(db, deps.freeTier);
  const limit = (perMinute: number) => makeRateLimit({ limit: perMinute, windowMs: MINUTE_MS, now });
  const perHour = (calls: number) => makeRateLimit({ limit: calls, windowMs: HOUR_MS, now });
  const clientAddress = makeClientAddress(deps.clientAddressHeader);
  return {
    ...makeHealthHandlers(db),
    openapi: async () => openApi,
    ...makeIdentityHandlers({
      db,
      guards,
      issuer: identity.issuer,
      clerkPublishableKey: identity.issuer === "clerk" ? identity.publishableKey : null,
      clerkFrontendUrl: identity.issuer === "clerk" ? identity.frontendUrl : null,
    }),
    ...(identity.issuer === "local"
      ? makeLocalHandlers({ ...deps, local: identity.local, limitSignIn: limit(PER_MINUTE.signIn) })
      : makeAbsentLocalHandlers()),
    ...makeKeyHandlers({ ...deps, limitKey: limit(PER_MINUTE.key) }),
    ...makeCreditsHandlers({
      ...deps,
      findTier,
      ...(stripe === null ? {} : { prepareOverage: (userId) => ensureOverageItem({ db, stripe }, userId) }),
    }),
    ...makeAccountHandlers({ ...deps, hint }),
    ...makeBillingHandlers({ ...deps, hint, limitBilling: limit(PER_MINUTE.billing) }),
    ...makeApiKeyHandlers({ ...deps, findTier, limitKeys: limit(PER_MINUTE.apiKeys) }),
    ...makeSupportHandlers(deps),
    ...makeAdminHandlers({ ...deps, hint, limitActions: limit(PER_MINUTE.operator) }),
    ...makeCellHandlers({ db, now, hint, limitActions: limit(PER_MINUTE.operator) }),
    ...makeAppHandlers({ ...deps, limitApps: limit(PER_MINUTE.apps) }),
    ...makeWaitlistHandlers({ ...deps, clientAddress, limitWaitlist: perHour(PER_HOUR.waitlist) }),
    ...makeWaitlistAdmin(deps),
    ...makeReferralHandlers({ ...deps, clientAddress, limitReferral: limit(PER_MINUTE.referral) }),
    ...makeFeedbackHandlers({ ...deps, limitFeedback: perHour(PER_HOUR.feedback) }),
    ...makeMailAdmin(deps),
    ...makeWebhookHandlers({ ...deps, guards: guards.webhooks }),
    ...makeAgentHandlers({
      ...deps,
      findTier,
      streams,
      hint,
      limitDeploy: limit(PER_MINUTE.deploy),
    }),
  };
}
