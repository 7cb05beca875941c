import { loadConfig, portSchema, type Environment } from "@automna/service-kit/load-config";
import { parseKeyRing } from "@automna/service-kit/secret-box";
import { z } from "zod";

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

const ingressSchema = z.object({
  INGRESS_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  INGRESS_PORT: portSchema.describe("port to listen on"),
  INGRESS_DATABASE_URL: z.string().min(1).describe("Postgres, as the role automna_ingress"),
  INGRESS_ORIGIN: originSchema.describe("the public origin that browsers see"),
  INGRESS_SESSION_JWT_KEY: z.string().includes("PUBLIC KEY").describe("public key of the session issuer, PEM"),
  INGRESS_SESSION_ISSUER: z.string().min(1).describe("expected issuer (iss) of session tokens"),
  INGRESS_SLOT_KEY_RING: keyRingSchema.describe("opens the slots' ingress keys"),
  INGRESS_DRAIN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20_000)
    .describe("time for requests under way when stopping"),
  INGRESS_LOG_LEVEL: z.string().default("info"),
});
export type IngressConfig = z.infer<typeof ingressSchema>;

const egressSchema = z.object({
  EGRESS_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  EGRESS_PORT: portSchema.describe("port to listen on"),
  EGRESS_DATABASE_URL: z.string().min(1).describe("Postgres, as the role automna_egress"),
  EGRESS_MODEL_PROVIDER_URL: z
    .url()
    .default("https://api.anthropic.com")
    .describe("where model calls with a customer's key go"),
  EGRESS_MODEL_KEY_RING: keyRingSchema.describe("opens the customers' model keys"),
  EGRESS_DRAIN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20_000)
    .describe("time for calls under way when stopping"),
  EGRESS_LOG_LEVEL: z.string().default("info"),
});
export type EgressConfig = z.infer<typeof egressSchema>;

/** Throws one error that names every wrong variable. */
export function loadIngressConfig(env: Environment): IngressConfig {
  return loadConfig(ingressSchema, env);
}

/** Throws one error that names every wrong variable. */
export function loadEgressConfig(env: Environment): EgressConfig {
  return loadConfig(egressSchema, env);
}
