import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { createPrismaClient } from "@automna/prisma/client";
import { makePool } from "@automna/records/pool";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender } from "@automna/service-kit/queue";
import { startFakeClerk, type FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import { startFakeStripe, type FakeStripe } from "@automna/testkit/fakes/stripe/fake-stripe";
import { findFreePort } from "@automna/testkit/free-port";
import type { Stripe } from "stripe";
import { makeReconcileHint } from "../../../api/src/agents/reconcile-hint.ts";
import { openStripe } from "../../../api/src/billing/open-stripe.ts";
import { takeDueSteps } from "../../../api/src/billing/reconcile-billing.ts";
import { ensureStripeCatalogue } from "../../../api/src/billing/stripe-catalogue.ts";
import { endAccounts } from "../../../api/src/identity/accounts/end-accounts.ts";
import { openClerk } from "../../../api/src/identity/clerk/open-clerk.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { adminDatabaseUrl, queryDatabase } from "../steps/database.ts";
import { startInstallation, type VerifiedInstallation } from "../steps/installation.ts";
import { stageStandInGateway } from "./stage-stand-in-gateway.ts";

export const identitySources = ["local", "clerk"] as const;
export type IdentitySource = (typeof identitySources)[number];

/** The whole product, selling plans, with stand-ins for the vendors and a clock that can be moved. */
export interface World extends VerifiedInstallation {
  source: IdentitySource;
  stripe: FakeStripe;
  /** The real SDK: what a customer does in Stripe's portal, and we in its dashboard. */
  sdk: Stripe;
  clerk: FakeClerk | null;
  /** Moves Stripe's test clock; its events reach the product by webhook. */
  passAtStripe: (ms: number) => Promise<void>;
  /** Takes the steps of dunning and of ending accounts as the api's own clock does, so much later. */
  passAtHome: (ms: number) => Promise<void>;
  query: <Row extends object>(sql: string, values?: unknown[]) => Promise<Row[]>;
  stop: () => Promise<void>;
}

export async function startWorld(ctx: ScenarioContext, source: IdentitySource): Promise<World> {
  const stripe = await startFakeStripe({ random: ctx.random.number });
  ctx.onCleanup("close Stripe's stand-in", () => stripe.close());
  ctx.must(stripe.contract.isChecked, "the stand-in for Stripe is checked against Stripe's description");
  const sdk = openStripe({ key: stripe.apiKey, url: stripe.url });
  await ensureStripeCatalogue(sdk);
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const clerk = source === "clerk" ? await startFakeClerk({ random: ctx.random.number, origin }) : null;
  if (clerk !== null) {
    ctx.onCleanup("close Clerk's stand-in", () => clerk.close());
    ctx.must(clerk.contract.isChecked, "the stand-in for Clerk is checked against Clerk's description");
  }
  const settings = await writeSettings(ctx, stripe, clerk);
  const installation = await startInstallation(ctx, { port, args: ["--settings", settings] });
  const { product } = installation;
  stripe.setWebhookUrl(`${product.url}/api/webhooks/stripe`);
  clerk?.setWebhookUrl(`${product.url}/api/webhooks/clerk`);
  // Deliveries come late, twice and in disorder, as the real ones do.
  for (const fake of [stripe, clerk]) fake?.deliverer.setFaults({ duplicate: 0.5, delayMs: 150 });

  const own = openOwnHands(product);
  ctx.onCleanup("let go of the database", own.close);
  const clerkClient = clerk === null ? null : openClerk(clerk);
  let offsetMs = 0;
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await own.close();
    await product.stop();
  };
  return {
    ...installation,
    source,
    stripe,
    sdk,
    clerk,
    stop,
    query: (sql, values) => queryDatabase(product, sql, values),
    async passAtStripe(ms) {
      stripe.advance(ms);
      await stripe.deliverer.drained();
    },
    async passAtHome(ms) {
      offsetMs += ms;
      const { db, pool, hint } = own;
      const now = () => Date.now() + offsetMs;
      await takeDueSteps({ db, now, hint });
      await endAccounts({ db, pool, stripe: sdk, clerk: clerkClient, now, hint });
    },
  };
}

/** What an operator gives their installation to sell with. */
async function writeSettings(ctx: ScenarioContext, stripe: FakeStripe, clerk: FakeClerk | null): Promise<string> {
  const folder = await ctx.folder();
  const keyFile = join(folder, "clerk-jwt-key.pem");
  if (clerk !== null) await writeFile(keyFile, clerk.jwtKey);
  const settings = {
    API_STRIPE_KEY: stripe.apiKey,
    API_STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
    API_STRIPE_URL: stripe.url,
    ...(clerk === null
      ? {}
      : {
          API_IDENTITY: "clerk",
          API_IDENTITY_ISSUER: clerk.issuer,
          API_SESSION_JWT_KEY_FILE: keyFile,
          API_CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
          API_CLERK_SECRET_KEY: clerk.secretKey,
          API_CLERK_WEBHOOK_SECRET: clerk.webhookSecret,
          API_CLERK_URL: clerk.url,
          INGRESS_SESSION_ISSUER: clerk.issuer,
          INGRESS_SESSION_JWT_KEY_FILE: keyFile,
        }),
    ...(ctx.isQuick ? { PROVISIONER_GATEWAY_COMMAND_JSON: JSON.stringify(await stageStandInGateway(ctx)) } : {}),
  };
  const path = join(folder, "settings.env");
  await writeFile(
    path,
    Object.entries(settings)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(""),
  );
  return path;
}

/** The database and the queue, as the api has them. */
function openOwnHands(product: VerifiedInstallation["product"]) {
  const url = adminDatabaseUrl(product);
  const log = makeSilentLog();
  const db = createPrismaClient(url, { max: 2 });
  const pool = makePool(url, { max: 2 });
  const jobs = makeJobSender(AGENTS_QUEUE, { kind: "postgres", connectionString: url, max: 1 }, log);
  let isOpen = true;
  return {
    db,
    pool,
    hint: makeReconcileHint(jobs, log),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await jobs.close();
      await pool.end();
      await db.$disconnect();
    },
  };
}
