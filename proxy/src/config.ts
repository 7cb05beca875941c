import { meteringRules } from "@automna/core/credits/meter-message";
import { loadConfig, portSchema, secretMark, type Environment } from "@automna/service-kit/load-config";
import { parseKeyRing } from "@automna/service-kit/secret-box";
import { z } from "zod";
import { HEARTBEAT_MS } from "./ingress/heartbeat.ts";
import { defaultCallLimits } from "./egress/call-limits.ts";
import { defaultLimits, type IngressLimits } from "./ingress/limits.ts";

const keyRingSchema = z.string().transform((json, context) => {
  try {
    return parseKeyRing(json);
  } catch {
    // The parser's own message could quote the keys.
    context.addIssue({
      code: "custom",
      message: 'must be a key ring: {"primary":"k1","keys":{"k1":"<base64 of 32 bytes>"}}',
    });
    return z.NEVER;
  }
});

const originSchema = z
  .url()
  .refine((url) => new URL(url).origin === url, "must be an origin such as https://app.example, without a path");

const MB = 1024 * 1024;
/** As many seconds' worth of requests may come at once. */
const BURST_S = 4;

const PROCESSES_MAX = 64;
const processesSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(PROCESSES_MAX)
  .default(1)
  .describe("processes that share the port; more than one are started and watched by a further one");

export const ingressVariables = z.object({
  INGRESS_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  INGRESS_PORT: portSchema.describe("port to listen on"),
  INGRESS_PROCESSES: processesSchema,
  INGRESS_DATABASE_URL: z.string().min(1).describe("Postgres, as the role automna_ingress").meta(secretMark),
  INGRESS_ORIGIN: originSchema.describe("the public origin that browsers see"),
  INGRESS_SESSION_JWT_KEY: z.string().includes("PUBLIC KEY").describe("public key of the session issuer, PEM"),
  INGRESS_SESSION_ISSUER: z.string().min(1).describe("expected issuer (iss) of session tokens"),
  INGRESS_SLOT_KEY_RING: keyRingSchema.describe("opens the slots' ingress keys").meta(secretMark),
  INGRESS_DRAIN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20_000)
    .describe("time for what is under way when stopping; sockets are told to connect again within it"),
  INGRESS_DRAIN_NOTICE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(3_000)
    .describe(
      "first part of it: not ready any more, but still taking connections; longer than the edge's health interval",
    ),
  INGRESS_HEARTBEAT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(HEARTBEAT_MS)
    .describe("how often silent sockets are pinged; well below the silence that the edge allows"),
  INGRESS_METRICS_HOST: z.string().default("127.0.0.1").describe("address of the metrics; never a public one"),
  INGRESS_METRICS_PORT: portSchema.optional().describe("port of the metrics; without it there are none"),
  INGRESS_USER_REQUESTS_PER_S: z.coerce
    .number()
    .positive()
    .default(defaultLimits.requestsPerS)
    .describe("requests of one user per second; four times as many at once"),
  INGRESS_BODY_MAX_MB: z.coerce
    .number()
    .positive()
    .default(defaultLimits.bodyMaxBytes / MB)
    .describe("longest body of a request"),
  INGRESS_LOG_LEVEL: z.string().default("info"),
});
export type IngressConfig = z.infer<typeof ingressVariables>;

/** What the operator decides of the limits. */
export function toLimits(config: IngressConfig): Partial<IngressLimits> {
  const { INGRESS_USER_REQUESTS_PER_S: requestsPerS, INGRESS_BODY_MAX_MB: bodyMaxMb } = config;
  return { requestsPerS, requestsBurst: requestsPerS * BURST_S, bodyMaxBytes: bodyMaxMb * MB };
}

export const egressVariables = z.object({
  EGRESS_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  EGRESS_PORT: portSchema.describe("port to listen on"),
  EGRESS_PROCESSES: processesSchema,
  EGRESS_DATABASE_URL: z.string().min(1).describe("Postgres, as the role automna_egress").meta(secretMark),
  EGRESS_MODEL_PROVIDER_URL: z
    .url()
    .default("https://api.anthropic.com")
    .describe("where model calls with a customer's key go"),
  EGRESS_MODEL_KEY_RING: keyRingSchema.describe("opens the customers' model keys").meta(secretMark),
  EGRESS_PLATFORM_KEY: z
    .string()
    .min(1)
    .optional()
    .describe("the platform's own model key, for answers on credits; give it as EGRESS_PLATFORM_KEY_FILE")
    .meta(secretMark),
  EGRESS_METERING_RULE: z
    .enum(meteringRules)
    .default("per-message")
    .describe("per-message: a message costs its price; cost-floor: at least what the provider took"),
  EGRESS_AGENT_CALLS_PER_S: z.coerce
    .number()
    .positive()
    .default(defaultCallLimits.callsPerS)
    .describe("model calls of one agent per second; ten times as many at once"),
  EGRESS_METRICS_HOST: z.string().default("127.0.0.1").describe("address of the metrics; never a public one"),
  EGRESS_METRICS_PORT: portSchema.optional().describe("port of the metrics; without it there are none"),
  EGRESS_DRAIN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20_000)
    .describe("time for calls under way when stopping"),
  EGRESS_LOG_LEVEL: z.string().default("info"),
});
export type EgressConfig = z.infer<typeof egressVariables>;

export const appsVariables = z.object({
  APPS_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  APPS_PORT: portSchema.describe("port to listen on"),
  APPS_DATABASE_URL: z.string().min(1).describe("Postgres, as the role automna_apps").meta(secretMark),
  APPS_ORIGIN: originSchema.describe("scheme, domain and port of published apps: https://apps.example"),
  APPS_DASHBOARD_ORIGIN: originSchema.describe("the dashboard's origin, which no app may come near"),
  APPS_SLOT_KEY_RING: keyRingSchema.describe("opens the slots' apps keys").meta(secretMark),
  APPS_PASS_KEY: z
    .string()
    .min(32)
    .describe("secret that seals visitors' passes, the same in all processes")
    .meta(secretMark),
  APPS_ADDRESS_HEADER: z
    .string()
    .toLowerCase()
    .optional()
    .describe(
      "header in which the edge writes the visitor's address, e.g. cf-connecting-ip; only behind an edge that sets it",
    ),
  APPS_DRAIN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20_000)
    .describe("time for requests under way when stopping"),
  APPS_DRAIN_NOTICE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      "first part of it: not ready any more, but still taking connections; longer than the edge's health interval",
    ),
  APPS_METRICS_HOST: z.string().default("127.0.0.1").describe("address of the metrics; never a public one"),
  APPS_METRICS_PORT: portSchema.optional().describe("port of the metrics; without it there are none"),
  APPS_LOG_LEVEL: z.string().default("info"),
});
export type AppsConfig = z.infer<typeof appsVariables>;

/** Throws one error that names every wrong variable, also when apps would share cookies with the dashboard. */
export function loadAppsConfig(env: Environment): AppsConfig {
  const config = loadConfig(appsVariables, env);
  assertApart(config.APPS_ORIGIN, config.APPS_DASHBOARD_ORIGIN);
  return config;
}

/** RFC 6761: a name that every machine keeps to itself; browsers treat its subdomains as sites of their own. */
const LOCALHOST = "localhost";

/** A page may set cookies for the domains above its own: an app's must never be the dashboard's, nor below or above it. */
export function assertApart(appsOrigin: string, dashboardOrigin: string): void {
  const [apps, dashboard] = [new URL(appsOrigin).hostname, new URL(dashboardOrigin).hostname];
  const isAbove = dashboard.endsWith(`.${apps}`);
  const isBelow = apps.endsWith(`.${dashboard}`) && dashboard !== LOCALHOST;
  if (apps === dashboard || isAbove || isBelow)
    throw new Error(`APPS_ORIGIN: apps under ${apps} could set cookies for the dashboard on ${dashboard}`);
}

/** Throws one error that names every wrong variable. */
export function loadIngressConfig(env: Environment): IngressConfig {
  return loadConfig(ingressVariables, env);
}

/** Throws one error that names every wrong variable. */
export function loadEgressConfig(env: Environment): EgressConfig {
  return loadConfig(egressVariables, env);
}
