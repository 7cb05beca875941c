import { flagSchema, loadConfig, portSchema, urlListSchema, type Environment } from "@automna/service-kit/load-config";
import { parseKeyRing, type KeyRing } from "@automna/service-kit/secret-box";
import type { RestTimes } from "@automna/core/agents/sleep-policy";
import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";
import { z } from "zod";

const commandSchema = z.string().transform((text, context): string[] => {
  const parsed = z.array(z.string()).min(1).safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: 'must be a JSON list of strings, such as ["node","main.ts"]' });
  return z.NEVER;
});

const portRangeSchema = z.string().transform((text, context): { first: number; last: number } => {
  const [first = 0, last = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).slice(1).map(Number);
  if (first >= 1 && first <= last && last <= 65_535) return { first, last };
  context.addIssue({ code: "custom", message: "must be two ports, such as 21000-21099" });
  return z.NEVER;
});

const variables = z.object({
  PROVISIONER_HEALTH_HOST: z.string().default("127.0.0.1").describe("address of the health check"),
  PROVISIONER_HEALTH_PORT: portSchema.default(0).describe("port of the health check, 0 = any"),
  PROVISIONER_DATABASE_URL: z.url().describe("Postgres, as the role automna_provisioner"),
  PROVISIONER_QUEUE_REDIS_URL: z.url().optional().describe("Redis of the job queue; without it jobs live in Postgres"),
  PROVISIONER_RUNTIME: z.enum(["process"]).describe("where slots run"),
  PROVISIONER_DATA_DIR: z.string().startsWith("/").describe("process: folder of the slots, one folder each"),
  PROVISIONER_NODE_ID: z.string().min(1).default("local").describe("name of this machine among the nodes"),
  PROVISIONER_CELL_ID: z.string().min(1).optional().describe("name of the cell; without it, the node's"),
  PROVISIONER_SLOT_WORKING_SET_MB: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_024)
    .describe("memory that an awake slot is counted with until it has been measured"),
  PROVISIONER_SLOT_HOST: z.string().default("127.0.0.1").describe("address that the slots' agentd listen on"),
  PROVISIONER_PORT_RANGE: portRangeSchema.describe("ports of the slots, first-last"),
  PROVISIONER_PORT_REST_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20 * MINUTE_MS)
    .describe("how long a freed port is given to nobody; longer than a stale route may live"),
  PROVISIONER_AGENT_COMMAND_JSON: commandSchema.describe("process: program and arguments that start agentd"),
  PROVISIONER_GATEWAY_DIR: z.string().describe("process: folder whose node_modules holds openclaw"),
  PROVISIONER_GATEWAY_COMMAND_JSON: commandSchema
    .optional()
    .describe("process: starts this instead of OpenClaw (small test images)"),
  PROVISIONER_EGRESS_URLS: urlListSchema.describe("where agentd sends model calls, in order of preference"),
  PROVISIONER_SLOT_KEY_RING: z.string().describe("key ring that seals the slots' root keys, the provisioner's alone"),
  PROVISIONER_INGRESS_KEY_RING: z
    .string()
    .describe("key ring that seals what ingress needs of a slot, shared with ingress"),
  PROVISIONER_APPS_KEY_RING: z
    .string()
    .optional()
    .describe("key ring that seals what the apps listener needs of a slot; without it no apps are served"),
  PROVISIONER_MODEL: z.string().default("claude-sonnet-4-5").describe("model that answers"),
  PROVISIONER_UTILITY_MODEL: z.string().default("claude-haiku-4-5").describe("cheap model for recaps"),
  PROVISIONER_CONCURRENCY: z.coerce.number().int().min(1).default(8).describe("agents worked on at the same time"),
  PROVISIONER_SWEEP_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(5_000)
    .describe("pause between sweeps over all agents"),
  PROVISIONER_DOZE_AFTER_S: z.coerce
    .number()
    .int()
    .min(60)
    .optional()
    .describe("an agent that nobody needed so long is frozen until somebody does; without it none is"),
  PROVISIONER_SLEEP_AFTER_S: z.coerce
    .number()
    .int()
    .min(60)
    .optional()
    .describe("an agent that nobody needed so long is stopped until somebody does, where its plan allows it"),
  PROVISIONER_STOP_SLOTS_ON_EXIT: flagSchema
    .default(false)
    .describe("true: a clean stop also stops every slot (one machine, Ctrl-C)"),
  PROVISIONER_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("least level that is logged, by slots too"),
});

export interface ProvisionerConfig {
  health: { host: string; port: number };
  databaseUrl: string;
  queueRedisUrl: string | null;
  dataDir: string;
  nodeId: string;
  cellId: string;
  slotHost: string;
  workingSetMb: number;
  ports: { first: number; last: number };
  portRestMs: number;
  agentCommand: string[];
  gatewayDir: string;
  gatewayCommand: string[] | null;
  egressUrls: string[];
  rings: { slots: KeyRing; ingress: KeyRing; apps: KeyRing | undefined };
  models: { main: string; utility: string };
  concurrency: number;
  sweepMs: number;
  rest: RestTimes;
  stopsSlotsOnExit: boolean;
  logLevel: string;
}

/** The provisioner's configuration. Throws one error that says what is missing or not allowed. */
export function loadProvisionerConfig(env: Environment): ProvisionerConfig {
  const values = loadConfig(variables, env);
  return {
    health: { host: values.PROVISIONER_HEALTH_HOST, port: values.PROVISIONER_HEALTH_PORT },
    databaseUrl: values.PROVISIONER_DATABASE_URL,
    queueRedisUrl: values.PROVISIONER_QUEUE_REDIS_URL ?? null,
    dataDir: values.PROVISIONER_DATA_DIR,
    nodeId: values.PROVISIONER_NODE_ID,
    cellId: values.PROVISIONER_CELL_ID ?? values.PROVISIONER_NODE_ID,
    slotHost: values.PROVISIONER_SLOT_HOST,
    workingSetMb: values.PROVISIONER_SLOT_WORKING_SET_MB,
    ports: values.PROVISIONER_PORT_RANGE,
    portRestMs: values.PROVISIONER_PORT_REST_MS,
    agentCommand: values.PROVISIONER_AGENT_COMMAND_JSON,
    gatewayDir: values.PROVISIONER_GATEWAY_DIR,
    gatewayCommand: values.PROVISIONER_GATEWAY_COMMAND_JSON ?? null,
    egressUrls: values.PROVISIONER_EGRESS_URLS,
    rings: {
      slots: parseKeyRing(values.PROVISIONER_SLOT_KEY_RING),
      ingress: parseKeyRing(values.PROVISIONER_INGRESS_KEY_RING),
      apps: values.PROVISIONER_APPS_KEY_RING === undefined ? undefined : parseKeyRing(values.PROVISIONER_APPS_KEY_RING),
    },
    models: { main: values.PROVISIONER_MODEL, utility: values.PROVISIONER_UTILITY_MODEL },
    concurrency: values.PROVISIONER_CONCURRENCY,
    sweepMs: values.PROVISIONER_SWEEP_MS,
    rest: {
      dozeAfterMs: toMs(values.PROVISIONER_DOZE_AFTER_S),
      sleepAfterMs: toMs(values.PROVISIONER_SLEEP_AFTER_S),
    },
    stopsSlotsOnExit: values.PROVISIONER_STOP_SLOTS_ON_EXIT,
    logLevel: values.PROVISIONER_LOG_LEVEL,
  };
}

function toMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * SECOND_MS;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
