import { loadConfig, portSchema, urlListSchema, type Environment } from "@automna/service-kit/load-config";
import { z } from "zod";

/** A slot's root key: 32 bytes as base64url text, so that it can come from a file like every other secret. */
const rootKeySchema = z.string().transform((text, context) => {
  const key = Buffer.from(text, "base64url");
  if (key.length === 32) return key;
  context.addIssue({ code: "custom", message: "must be 32 bytes as base64url" });
  return z.NEVER;
});

const commandSchema = z.string().transform((text, context) => {
  const parsed = z.array(z.string()).min(1).safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: 'must be a JSON list of strings, such as ["node","gateway.mjs"]' });
  return z.NEVER;
});

const schema = z.object({
  AGENTD_SLOT_ID: z
    .string()
    .regex(/^slt_[0-9a-z]{20}$/)
    .describe("the slot this process serves"),
  AGENTD_GENERATION: z.coerce.number().int().min(0).describe("key generation of the slot"),
  AGENTD_ROOT_KEY: rootKeySchema.describe("the slot's root key; give it as AGENTD_ROOT_KEY_FILE"),
  AGENTD_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  AGENTD_PORT: portSchema.describe("port to listen on"),
  AGENTD_EGRESS_URLS: urlListSchema.describe("where model calls go, in order of preference"),
  AGENTD_GATEWAY_DIR: z.string().describe("folder whose node_modules holds openclaw"),
  AGENTD_STATE_DIR: z.string().describe("the slot's volume: everything the gateway keeps"),
  AGENTD_RUN_DIR: z.string().describe("agentd's own private folder"),
  AGENTD_GATEWAY_UID: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe("user that the gateway runs as; without it, agentd's own"),
  AGENTD_GATEWAY_COMMAND_JSON: commandSchema.optional().describe("starts this instead of OpenClaw (small test images)"),
  AGENTD_LOG_LEVEL: z.string().default("info"),
});

export interface AgentdConfig {
  slotId: string;
  generation: number;
  rootKey: Buffer;
  host: string;
  port: number;
  egressUrls: string[];
  gatewayCommand: string[];
  stateDir: string;
  runDir: string;
  gatewayUid: number | null;
  logLevel: string;
}

/** agentd's configuration from its environment; throws one error that names every wrong variable. */
export function loadAgentdConfig(env: Environment, nodePath: string): AgentdConfig {
  const values = loadConfig(schema, env);
  return {
    slotId: values.AGENTD_SLOT_ID,
    generation: values.AGENTD_GENERATION,
    rootKey: values.AGENTD_ROOT_KEY,
    host: values.AGENTD_HOST,
    port: values.AGENTD_PORT,
    egressUrls: values.AGENTD_EGRESS_URLS,
    gatewayCommand: values.AGENTD_GATEWAY_COMMAND_JSON ?? openclawCommand(nodePath, values.AGENTD_GATEWAY_DIR),
    stateDir: values.AGENTD_STATE_DIR,
    runDir: values.AGENTD_RUN_DIR,
    gatewayUid: values.AGENTD_GATEWAY_UID ?? null,
    logLevel: values.AGENTD_LOG_LEVEL,
  };
}

/** Foreground gateway; everything else comes from its configuration file and environment. */
export function openclawCommand(nodePath: string, gatewayDir: string): string[] {
  return [nodePath, `${gatewayDir}/node_modules/openclaw/openclaw.mjs`, "gateway", "run"];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
