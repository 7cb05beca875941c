import {
  flagSchema,
  loadConfig,
  portSchema,
  secretMark,
  urlListSchema,
  type Environment,
} from "@automna/service-kit/load-config";
import { parseKeyRing, type KeyRing } from "@automna/service-kit/secret-box";
import type { RestTimes } from "@automna/core/agents/sleep-policy";
import { tiers } from "@automna/core/tiers/catalogue";
import type { WarmWish } from "@automna/core/warm-pool/plan-warm-pool";
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

/** `starter=2,pro=1`: so many warm slots of each tier on each node. */
const warmWishesSchema = z.string().transform((text, context): WarmWish[] => {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  const wishes = parts.map((part) => {
    const [, name, count] = /^([a-z]+)=(\d{1,3})$/.exec(part) ?? [];
    return { tier: tiers.find((known) => known === name), perNode: Number(count) };
  });
  const named = new Set(wishes.map(({ tier }) => tier));
  if (!named.has(undefined) && named.size === wishes.length)
    return wishes.flatMap(({ tier, perNode }) => (tier === undefined || perNode === 0 ? [] : [{ tier, perNode }]));
  context.addIssue({ code: "custom", message: "must name each tier once with a number, such as starter=2,pro=1" });
  return z.NEVER;
});

const dockerUrlSchema = z
  .url({ protocol: /^(http|unix)$/ })
  .refine((url) => !url.startsWith("unix:") || URL.parse(url)?.pathname.startsWith("/") === true);

/** Names or addresses by commas. */
const nameListSchema = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean),
);

/** What every provisioner needs, wherever its slots run. */
export const commonVariables = z.object({
  PROVISIONER_HEALTH_HOST: z.string().default("127.0.0.1").describe("address of the health check"),
  PROVISIONER_HEALTH_PORT: portSchema.default(0).describe("port of the health check, 0 = any"),
  PROVISIONER_DATABASE_URL: z.url().describe("Postgres, as the role automna_provisioner").meta(secretMark),
  PROVISIONER_QUEUE_REDIS_URL: z
    .url()
    .optional()
    .describe("Redis of the job queue; without it jobs live in Postgres")
    .meta(secretMark),
  PROVISIONER_RUNTIME: z.enum(["process", "swarm"]).describe("where slots run"),
  PROVISIONER_SLOT_WORKING_SET_MB: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_024)
    .describe("memory that an awake slot is counted with until it has been measured"),
  PROVISIONER_PORT_RANGE: portRangeSchema.describe("ports of the slots, first-last"),
  PROVISIONER_PORT_REST_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(20 * MINUTE_MS)
    .describe("how long a freed port is given to nobody; longer than a stale route may live"),
  PROVISIONER_EGRESS_URLS: urlListSchema.describe("where agentd sends model calls, in order of preference"),
  PROVISIONER_SLOT_KEY_RING: z
    .string()
    .describe("key ring that seals the slots' root keys, the provisioner's alone")
    .meta(secretMark),
  PROVISIONER_INGRESS_KEY_RING: z
    .string()
    .describe("key ring that seals what ingress needs of a slot, shared with ingress")
    .meta(secretMark),
  PROVISIONER_APPS_KEY_RING: z
    .string()
    .optional()
    .describe("key ring that seals what the apps listener needs of a slot; without it no apps are served")
    .meta(secretMark),
  PROVISIONER_MODEL: z.string().default("claude-sonnet-4-5").describe("model that answers"),
  PROVISIONER_UTILITY_MODEL: z.string().default("claude-haiku-4-5").describe("cheap model for recaps"),
  PROVISIONER_CONCURRENCY: z.coerce.number().int().min(1).default(8).describe("agents worked on at the same time"),
  PROVISIONER_SWEEP_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(5_000)
    .describe("pause between sweeps over all agents"),
  PROVISIONER_START_GATE_CPU_S: z.coerce
    .number()
    .min(1)
    .optional()
    .describe("CPU-seconds of boots that may be under way on a node at once; without it as many as come"),
  // A cold OpenClaw takes 15 to 25 (notes: openclaw 2).
  PROVISIONER_BOOT_COST_CPU_S: z.coerce
    .number()
    .min(0)
    .default(20)
    .describe("CPU-seconds that a boot of the agent image takes, as measured"),
  PROVISIONER_WARM_SLOTS: warmWishesSchema
    .default([])
    .describe("slots that each node holds ready for whoever deploys next, by tier, such as starter=2; none without it"),
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
  PROVISIONER_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("least level that is logged, by slots too"),
});

/** Slots as processes of this machine. */
const processVariables = z.object({
  PROVISIONER_DATA_DIR: z.string().startsWith("/").describe("folder of the slots, one folder each"),
  PROVISIONER_NODE_ID: z.string().min(1).default("local").describe("name of this machine among the nodes"),
  PROVISIONER_SLOT_HOST: z.string().default("127.0.0.1").describe("address that the slots' agentd listen on"),
  PROVISIONER_AGENT_COMMAND_JSON: commandSchema.describe("program and arguments that start agentd"),
  PROVISIONER_GATEWAY_DIR: z.string().describe("folder whose node_modules holds openclaw"),
  PROVISIONER_GATEWAY_COMMAND_JSON: commandSchema
    .optional()
    .describe("starts this instead of OpenClaw (small test images)"),
  PROVISIONER_STOP_SLOTS_ON_EXIT: flagSchema
    .default(false)
    .describe("true: a clean stop also stops every slot (one machine, Ctrl-C)"),
});

/** Slots as services of a Swarm. */
export const swarmVariables = z.object({
  PROVISIONER_CELL_ID: z.string().min(1).describe("name of the cell"),
  PROVISIONER_DOCKER_URL: dockerUrlSchema.describe("a manager's engine behind the socket proxy, http:// or unix://"),
  PROVISIONER_INSTALLATION: z
    .string()
    .min(1)
    .describe("marks our services, secrets and containers: label automna.install"),
  PROVISIONER_AGENT_IMAGE: z.string().min(1).describe("agent image, pinned by digest"),
  PROVISIONER_AGENT_NETWORK: z.string().min(1).default("automna-agents").describe("Swarm-scoped bridge of the agents"),
  PROVISIONER_AGENT_DNS: nameListSchema
    .default([])
    .describe("resolvers that agents ask, by commas; the node's without"),
  PROVISIONER_NODE_SYSTEM_MB: z.coerce
    .number()
    .int()
    .min(0)
    .default(1_024)
    .describe("memory of each node that is not for slots"),
  PROVISIONER_KEEPER_PORT: portSchema.default(7_443).describe("port of the nodes' nodekeepers"),
  PROVISIONER_KEEPER_CA: z.string().describe("the cell's CA, PEM; give it as PROVISIONER_KEEPER_CA_FILE"),
  PROVISIONER_KEEPER_CERTIFICATE: z.string().describe("the provisioner's certificate for nodekeepers, PEM"),
  PROVISIONER_KEEPER_KEY: z.string().describe("its key, PEM; give it as PROVISIONER_KEEPER_KEY_FILE").meta(secretMark),
});

export interface ProcessConfig {
  kind: "process";
  dataDir: string;
  nodeId: string;
  slotHost: string;
  agentCommand: string[];
  gatewayDir: string;
  gatewayCommand: string[] | null;
  stopsSlotsOnExit: boolean;
}

export interface SwarmConfig {
  kind: "swarm";
  cellId: string;
  dockerUrl: string;
  installId: string;
  image: string;
  network: string;
  dns: string[];
  systemMb: number;
  keeper: { port: number; ca: string; certificate: string; key: string };
}

export interface ProvisionerConfig {
  health: { host: string; port: number };
  databaseUrl: string;
  queueRedisUrl: string | null;
  runtime: ProcessConfig | SwarmConfig;
  workingSetMb: number;
  ports: { first: number; last: number };
  portRestMs: number;
  egressUrls: string[];
  rings: { slots: KeyRing; ingress: KeyRing; apps: KeyRing | undefined };
  models: { main: string; utility: string };
  concurrency: number;
  sweepMs: number;
  rest: RestTimes;
  warmWishes: WarmWish[];
  startGateS: number | null;
  bootCostS: number;
  logLevel: string;
}

/** The provisioner's configuration. Throws one error that says what is missing or not allowed. */
export function loadProvisionerConfig(env: Environment): ProvisionerConfig {
  const values = loadConfig(commonVariables, env);
  return {
    health: { host: values.PROVISIONER_HEALTH_HOST, port: values.PROVISIONER_HEALTH_PORT },
    databaseUrl: values.PROVISIONER_DATABASE_URL,
    queueRedisUrl: values.PROVISIONER_QUEUE_REDIS_URL ?? null,
    runtime: values.PROVISIONER_RUNTIME === "swarm" ? loadSwarmConfig(env) : loadProcessConfig(env),
    workingSetMb: values.PROVISIONER_SLOT_WORKING_SET_MB,
    ports: values.PROVISIONER_PORT_RANGE,
    portRestMs: values.PROVISIONER_PORT_REST_MS,
    egressUrls: values.PROVISIONER_EGRESS_URLS,
    rings: {
      slots: parseKeyRing(values.PROVISIONER_SLOT_KEY_RING),
      ingress: parseKeyRing(values.PROVISIONER_INGRESS_KEY_RING),
      apps: values.PROVISIONER_APPS_KEY_RING === undefined ? undefined : parseKeyRing(values.PROVISIONER_APPS_KEY_RING),
    },
    models: { main: values.PROVISIONER_MODEL, utility: values.PROVISIONER_UTILITY_MODEL },
    concurrency: values.PROVISIONER_CONCURRENCY,
    sweepMs: values.PROVISIONER_SWEEP_MS,
    warmWishes: values.PROVISIONER_WARM_SLOTS,
    startGateS: values.PROVISIONER_START_GATE_CPU_S ?? null,
    bootCostS: values.PROVISIONER_BOOT_COST_CPU_S,
    rest: {
      dozeAfterMs: toMs(values.PROVISIONER_DOZE_AFTER_S),
      sleepAfterMs: toMs(values.PROVISIONER_SLEEP_AFTER_S),
    },
    logLevel: values.PROVISIONER_LOG_LEVEL,
  };
}

function toMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * SECOND_MS;
}

function loadProcessConfig(env: Environment): ProcessConfig {
  const values = loadConfig(processVariables, env);
  return {
    kind: "process",
    dataDir: values.PROVISIONER_DATA_DIR,
    nodeId: values.PROVISIONER_NODE_ID,
    slotHost: values.PROVISIONER_SLOT_HOST,
    agentCommand: values.PROVISIONER_AGENT_COMMAND_JSON,
    gatewayDir: values.PROVISIONER_GATEWAY_DIR,
    gatewayCommand: values.PROVISIONER_GATEWAY_COMMAND_JSON ?? null,
    stopsSlotsOnExit: values.PROVISIONER_STOP_SLOTS_ON_EXIT,
  };
}

function loadSwarmConfig(env: Environment): SwarmConfig {
  const values = loadConfig(swarmVariables, env);
  return {
    kind: "swarm",
    cellId: values.PROVISIONER_CELL_ID,
    dockerUrl: values.PROVISIONER_DOCKER_URL,
    installId: values.PROVISIONER_INSTALLATION,
    image: values.PROVISIONER_AGENT_IMAGE,
    network: values.PROVISIONER_AGENT_NETWORK,
    dns: values.PROVISIONER_AGENT_DNS,
    systemMb: values.PROVISIONER_NODE_SYSTEM_MB,
    keeper: {
      port: values.PROVISIONER_KEEPER_PORT,
      ca: values.PROVISIONER_KEEPER_CA,
      certificate: values.PROVISIONER_KEEPER_CERTIFICATE,
      key: values.PROVISIONER_KEEPER_KEY,
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
