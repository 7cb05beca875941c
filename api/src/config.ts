import { tiers, type Tier } from "@automna/core/tiers/catalogue";
import { flagSchema, loadConfig, portSchema, secretMark, type Environment } from "@automna/service-kit/load-config";
import { parseKeyRing, type KeyRing } from "@automna/service-kit/secret-box";
import { z } from "zod";
import { parseSender } from "./mail/to-message.ts";
import { assertLocalBoot } from "./identity/local/assert-local-boot.ts";

export const apiVariables = z.object({
  NODE_ENV: z.string().optional().describe("`production` refuses the local issuer"),
  API_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  API_PORT: portSchema.describe("port to listen on, 0 = any"),
  API_DRAIN_NOTICE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("when stopping: not ready, but still answering; longer than the edge's health interval"),
  API_DATABASE_URL: z.url().describe("Postgres, as the role automna_api").meta(secretMark),
  API_ORIGIN: z.url().describe("the one origin that browsers use, e.g. http://localhost:4600"),
  API_IDENTITY: z.enum(["local", "clerk"]).describe("who signs session tokens"),
  API_IDENTITY_ISSUER: z.string().min(1).describe("`iss` of session tokens, the same as at ingress"),
  API_SESSION_JWT_KEY: z
    .string()
    .includes("PUBLIC KEY")
    .describe("PEM public key of the issuer, so that no token check needs the network"),
  API_IDENTITY_PRIVATE_KEY: z
    .string()
    .includes("PRIVATE KEY")
    .optional()
    .describe("local: PEM private key that signs session tokens")
    .meta(secretMark),
  API_IDENTITY_START_KEY: z
    .string()
    .min(32)
    .optional()
    .describe("local: secret that signs start links, shared with `up`")
    .meta(secretMark),
  API_IDENTITY_OPERATORS: z
    .string()
    .default("")
    .transform((list) => list.split(",").flatMap((email) => (email.trim() === "" ? [] : [email.trim().toLowerCase()])))
    .describe("local: e-mail addresses of operators, separated by commas"),
  API_CLERK_OPERATOR_ORGANIZATION: z
    .string()
    .startsWith("org_")
    .optional()
    .describe("clerk: organization whose members with the role operator or admin are operators"),
  API_CLERK_PUBLISHABLE_KEY: z
    .string()
    .startsWith("pk_")
    .optional()
    .describe("clerk: what the dashboard's sign-in needs, not a secret"),
  API_CLERK_FRONTEND_URL: z
    .url()
    .optional()
    .describe("clerk: its frontend API, the same as at the edge; by default the one that the publishable key names"),
  API_CLERK_SECRET_KEY: z
    .string()
    .startsWith("sk_")
    .optional()
    .describe("clerk: secret key, for looking up users and sessions that webhooks name")
    .meta(secretMark),
  API_CLERK_WEBHOOK_SECRET: z
    .string()
    .startsWith("whsec_")
    .optional()
    .describe("clerk: secret that signs its webhooks")
    .meta(secretMark),
  API_CLERK_URL: z.url().default("https://api.clerk.com").describe("clerk: its backend API"),
  API_STRIPE_KEY: z
    .string()
    .regex(/^(sk|rk)_/)
    .optional()
    .describe("Stripe's secret or restricted key; without it nothing is sold")
    .meta(secretMark),
  API_STRIPE_WEBHOOK_SECRET: z
    .string()
    .startsWith("whsec_")
    .optional()
    .describe("secret that signs Stripe's webhooks")
    .meta(secretMark),
  API_STRIPE_URL: z.url().default("https://api.stripe.com").describe("Stripe's API"),
  API_TRIAL_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(730)
    .default(0)
    .describe("days that a first plan may be tried for"),
  API_MODEL_PROVIDER_URL: z.url().default("https://api.anthropic.com").describe("where model keys are checked"),
  API_MODEL_KEY_RING: z
    .string()
    .describe("key ring that seals the customers' model keys, shared with egress")
    .meta(secretMark),
  API_SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe("mail server, smtps://user:password@host; without it mails are kept in API_MAIL_DIR")
    .meta(secretMark),
  API_MAIL_FROM: z.string().max(300).optional().describe("sender of mails, e.g. Automna <hello@automna.ai>"),
  API_MAIL_DIR: z.string().optional().describe("folder for mails while there is no mail server"),
  API_OPERATOR_MAIL: z.email().optional().describe("address that customers' feedback is sent to"),
  API_APPS_ORIGIN: z
    .url()
    .optional()
    .describe("scheme, domain and port of published apps, e.g. https://apps.example; without it there are none"),
  API_INGRESS_URL: z
    .url()
    .optional()
    .describe("where the proxy's ingress answers: agents are asked there for their apps"),
  API_HAS_PLATFORM_KEY: flagSchema
    .default(false)
    .describe("true: egress has the platform's own model key, so answers may be paid in credits"),
  API_BETA_CAP: z.coerce.number().int().min(0).default(100).describe("invitations that may be open or used at once"),
  API_CLIENT_ADDRESS_HEADER: z
    .string()
    .toLowerCase()
    .regex(/^[a-z-]+$/)
    .optional()
    .describe("header in which the edge, and nobody else, tells where a request comes from, e.g. cf-connecting-ip"),
  API_QUEUE_REDIS_URL: z
    .url()
    .optional()
    .describe("Redis of the job queue; without it jobs live in Postgres")
    .meta(secretMark),
  API_FREE_TIER: z
    .enum(tiers)
    .optional()
    .describe("plan of those who pay nothing; by default nobody with API_STRIPE_KEY set, and `local` without it"),
  API_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("least level that is logged"),
});

/** Who sells nothing runs it for themselves. */
const [freeTierOfOwnMachine] = tiers;

interface SessionIssuerConfig {
  /** Expected `iss`. */
  sessionIssuer: string;
  /** PEM of the public key. */
  jwtKey: string;
}

export interface LocalIdentityConfig extends SessionIssuerConfig {
  issuer: "local";
  /** PEM of the private key. */
  signingKey: string;
  startKey: string;
  operators: readonly string[];
}

export interface ClerkIdentityConfig extends SessionIssuerConfig {
  issuer: "clerk";
  publishableKey: string;
  frontendUrl: string;
  operatorOrganization: string | null;
  /** Null = no webhooks: users are known by their tokens alone. */
  backend: { secretKey: string; webhookSecret: string; url: string } | null;
}

export interface MailConfig {
  /** Null = nothing is sent; mails lie in `folder`. */
  smtp: { url: string; from: { name: string; address: string } } | null;
  folder: string | null;
  /** Null = feedback is only kept. */
  operatorAddress: string | null;
}

export interface ApiConfig {
  host: string;
  port: number;
  drainNoticeMs: number;
  databaseUrl: string;
  /** Without a trailing slash, as browsers send it. */
  origin: string;
  identity: LocalIdentityConfig | ClerkIdentityConfig;
  /** Null = nothing is sold here. */
  stripe: { key: string; webhookSecret: string; url: string } | null;
  trialDays: number;
  mail: MailConfig;
  /** Null = apps are not served here. */
  apps: { origin: string; ingressUrl: string } | null;
  betaCap: number;
  /** Null = requests come straight from their senders. */
  clientAddressHeader: string | null;
  modelProviderUrl: string;
  modelKeyRing: KeyRing;
  /** Egress has the key behind credits. */
  hasPlatformKey: boolean;
  queueRedisUrl: string | null;
  /** Plan of those who pay nothing; null = plans are bought. */
  freeTier: Tier | null;
  logLevel: string;
}

/** The api's configuration. Throws one error that says what is missing or not allowed. */
export function loadApiConfig(env: Environment): ApiConfig {
  const values = loadConfig(apiVariables, env);
  const origin = new URL(values.API_ORIGIN).origin;
  const identity = toIdentity(values);
  if (identity.issuer === "local") assertLocalBoot({ nodeEnv: values.NODE_ENV, host: values.API_HOST, origin });
  return {
    host: values.API_HOST,
    port: values.API_PORT,
    drainNoticeMs: values.API_DRAIN_NOTICE_MS,
    databaseUrl: values.API_DATABASE_URL,
    origin,
    identity,
    stripe: toPair(values, "API_STRIPE_KEY", "API_STRIPE_WEBHOOK_SECRET", ([key, webhookSecret]) => ({
      key,
      webhookSecret,
      url: values.API_STRIPE_URL,
    })),
    trialDays: values.API_TRIAL_DAYS,
    mail: {
      smtp: toPair(values, "API_SMTP_URL", "API_MAIL_FROM", ([url, from]) => ({ url, from: parseSender(from) })),
      folder: values.API_MAIL_DIR ?? null,
      operatorAddress: values.API_OPERATOR_MAIL ?? null,
    },
    apps: toPair(values, "API_APPS_ORIGIN", "API_INGRESS_URL", ([appsOrigin, ingressUrl]) => ({
      origin: new URL(appsOrigin).origin,
      ingressUrl: new URL(ingressUrl).origin,
    })),
    betaCap: values.API_BETA_CAP,
    clientAddressHeader: values.API_CLIENT_ADDRESS_HEADER ?? null,
    modelProviderUrl: values.API_MODEL_PROVIDER_URL,
    modelKeyRing: parseKeyRing(values.API_MODEL_KEY_RING),
    hasPlatformKey: values.API_HAS_PLATFORM_KEY,
    queueRedisUrl: values.API_QUEUE_REDIS_URL ?? null,
    freeTier: values.API_FREE_TIER ?? (values.API_STRIPE_KEY === undefined ? freeTierOfOwnMachine : null),
    logLevel: values.API_LOG_LEVEL,
  };
}

function toIdentity(values: z.infer<typeof apiVariables>): LocalIdentityConfig | ClerkIdentityConfig {
  const need = (name: "API_IDENTITY_PRIVATE_KEY" | "API_IDENTITY_START_KEY" | "API_CLERK_PUBLISHABLE_KEY"): string => {
    const value = values[name];
    if (value !== undefined) return value;
    const purpose = apiVariables.shape[name].description ?? "";
    throw new Error(
      `configuration is not usable:\n  ${name} (${purpose}): needed with API_IDENTITY=${values.API_IDENTITY}`,
    );
  };
  const common = { sessionIssuer: values.API_IDENTITY_ISSUER, jwtKey: values.API_SESSION_JWT_KEY };
  return values.API_IDENTITY === "local"
    ? {
        issuer: "local",
        ...common,
        signingKey: need("API_IDENTITY_PRIVATE_KEY"),
        startKey: need("API_IDENTITY_START_KEY"),
        operators: values.API_IDENTITY_OPERATORS,
      }
    : {
        issuer: "clerk",
        ...common,
        publishableKey: need("API_CLERK_PUBLISHABLE_KEY"),
        frontendUrl: new URL(values.API_CLERK_FRONTEND_URL ?? frontendOf(need("API_CLERK_PUBLISHABLE_KEY"))).origin,
        operatorOrganization: values.API_CLERK_OPERATOR_ORGANIZATION ?? null,
        backend: toPair(values, "API_CLERK_SECRET_KEY", "API_CLERK_WEBHOOK_SECRET", ([secretKey, webhookSecret]) => ({
          secretKey,
          webhookSecret,
          url: values.API_CLERK_URL,
        })),
      };
}

/** A publishable key is `pk_live_` or `pk_test_` and the frontend's host with a `$` behind it, as base64. */
function frontendOf(publishableKey: string): string {
  const host = Buffer.from(publishableKey.replace(/^pk_(live|test)_/, ""), "base64").toString("utf8");
  if (/^[\w.:-]+\$$/.test(host)) return `https://${host.slice(0, -1)}`;
  throw new Error("configuration is not usable:\n  API_CLERK_PUBLISHABLE_KEY: names no frontend of Clerk's");
}

type PairName =
  | "API_STRIPE_KEY"
  | "API_STRIPE_WEBHOOK_SECRET"
  | "API_CLERK_SECRET_KEY"
  | "API_CLERK_WEBHOOK_SECRET"
  | "API_SMTP_URL"
  | "API_MAIL_FROM"
  | "API_APPS_ORIGIN"
  | "API_INGRESS_URL";

/** Both or neither: a key without its webhooks would sell plans that never begin, mail without a sender goes nowhere. */
function toPair<Made>(
  values: { readonly [Name in PairName]?: string | undefined },
  first: PairName,
  second: PairName,
  make: (pair: [string, string]) => Made,
): Made | null {
  const [one, other] = [values[first], values[second]];
  if (one !== undefined && other !== undefined) return make([one, other]);
  if (one === undefined && other === undefined) return null;
  throw new Error(`configuration is not usable:\n  ${first} and ${second}: set both or neither`);
}
