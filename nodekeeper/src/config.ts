import { nodeNameSchema } from "@automna/contract/nodekeeper";
import { loadConfig, portSchema, type Environment } from "@automna/service-kit/load-config";
import { z } from "zod";
import { guardSettingsSchema, type GuardSettings } from "./guard/guard-settings.ts";

const folderSchema = z.string().startsWith("/");

const guardSchema = z.string().transform((text, context): GuardSettings => {
  const parsed = guardSettingsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: z.prettifyError(parsed.error) });
  return z.NEVER;
});

const variables = z.object({
  NODEKEEPER_NODE: nodeNameSchema.describe("this node's name, as in its certificate"),
  NODEKEEPER_HOST: z.string().describe("private address to listen on"),
  NODEKEEPER_PORT: portSchema.default(7443).describe("port to listen on"),
  NODEKEEPER_CA: z.string().describe("the cell's CA, PEM; give it as NODEKEEPER_CA_FILE"),
  NODEKEEPER_CERTIFICATE: z.string().describe("this node's certificate, PEM"),
  NODEKEEPER_KEY: z.string().describe("its key, PEM; give it as NODEKEEPER_KEY_FILE"),
  NODEKEEPER_INSTALLATION: z.string().min(1).describe("whose containers are ours: the label automna.install"),
  NODEKEEPER_DATA_DIR: folderSchema.default("/var/lib/automna").describe("volumes, snapshots, fencing numbers"),
  NODEKEEPER_DEVICE_DIR: folderSchema.default("/dev/automna").describe("where slots' devices get their names"),
  NODEKEEPER_ENGINE_SOCKET: folderSchema.default("/var/run/docker.sock").describe("this node's Docker engine"),
  NODEKEEPER_NETWORK_PART: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/)
    .default("automna-agents-config")
    .describe("this node's part of the agents' network, which is made from it"),
  NODEKEEPER_CGROUP_DIR: folderSchema.default("/sys/fs/cgroup").describe("where the kernel's control groups are"),
  NODEKEEPER_GUARD_JSON: guardSchema.describe("what the node's guard lets through (docs/nodekeeper.md)"),
  NODEKEEPER_GUARD_CHECK_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(3_000)
    .describe("pause between looks at the guard"),
  NODEKEEPER_DISK_RESERVE_MB: z.coerce
    .number()
    .int()
    .min(0)
    .default(2_048)
    .describe("disk that new volumes, snapshots and copies leave free"),
  NODEKEEPER_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export interface NodekeeperConfig {
  node: string;
  host: string;
  port: number;
  credentials: { ca: string; certificate: string; key: string };
  installation: string;
  dataDir: string;
  deviceDir: string;
  engineSocket: string;
  networkPart: string;
  cgroupDir: string;
  guard: GuardSettings;
  guardCheckMs: number;
  diskReserveMb: number;
  logLevel: string;
}

/** nodekeeper's configuration. Throws one error that says what is missing or not allowed. */
export function loadNodekeeperConfig(env: Environment): NodekeeperConfig {
  const values = loadConfig(variables, env);
  return {
    node: values.NODEKEEPER_NODE,
    host: values.NODEKEEPER_HOST,
    port: values.NODEKEEPER_PORT,
    credentials: {
      ca: values.NODEKEEPER_CA,
      certificate: values.NODEKEEPER_CERTIFICATE,
      key: values.NODEKEEPER_KEY,
    },
    installation: values.NODEKEEPER_INSTALLATION,
    dataDir: values.NODEKEEPER_DATA_DIR,
    deviceDir: values.NODEKEEPER_DEVICE_DIR,
    engineSocket: values.NODEKEEPER_ENGINE_SOCKET,
    networkPart: values.NODEKEEPER_NETWORK_PART,
    cgroupDir: values.NODEKEEPER_CGROUP_DIR,
    guard: values.NODEKEEPER_GUARD_JSON,
    guardCheckMs: values.NODEKEEPER_GUARD_CHECK_MS,
    diskReserveMb: values.NODEKEEPER_DISK_RESERVE_MB,
    logLevel: values.NODEKEEPER_LOG_LEVEL,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
