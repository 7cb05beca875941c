import { loadConfig, portSchema, type Environment } from "@automna/service-kit/load-config";
import { z } from "zod";

/** Who asks. */
const profiles = ["provisioner", "edge"] as const;

const portRangeSchema = z.string().transform((text, context): { first: number; last: number } => {
  const [first = 0, last = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).slice(1).map(Number);
  if (first >= 1024 && first <= last && last <= 65_535) return { first, last };
  context.addIssue({ code: "custom", message: "must be two ports from 1024, such as 21000-21999" });
  return z.NEVER;
});

export const socketProxyVariables = z.object({
  SOCKET_PROXY_HOST: z.string().default("127.0.0.1").describe("address to listen on; only who may use it can reach it"),
  SOCKET_PROXY_PORT: portSchema.describe("port to listen on, 0 = any"),
  SOCKET_PROXY_ENGINE_SOCKET: z
    .string()
    .startsWith("/")
    .default("/var/run/docker.sock")
    .describe("Docker's own socket"),
  SOCKET_PROXY_PROFILE: z.enum(profiles).describe("who asks: the provisioner, or the edge that reads routing labels"),
  SOCKET_PROXY_INSTALL_ID: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional()
    .describe("provisioner: this installation's id, in the label of everything it owns"),
  SOCKET_PROXY_IMAGES: z
    .string()
    .transform((list) => list.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])))
    .optional()
    .describe("provisioner: repositories of images that slots may run, without tags, separated by commas"),
  SOCKET_PROXY_PORT_RANGE: portRangeSchema.optional().describe("provisioner: ports that slots may publish, first-last"),
  SOCKET_PROXY_NETWORK: z.string().default("automna-agents").describe("provisioner: the network that slots are on"),
  SOCKET_PROXY_LOG_LEVEL: z.string().default("info"),
});

/** What a slot may be made of. */
export interface SlotPolicy {
  installId: string;
  images: readonly string[];
  ports: { first: number; last: number };
  network: string;
}

export interface SocketProxyConfig {
  host: string;
  port: number;
  engineSocket: string;
  access: { profile: "edge" } | { profile: "provisioner"; policy: SlotPolicy };
  logLevel: string;
}

/** Throws one error that says what is missing. */
export function loadSocketProxyConfig(env: Environment): SocketProxyConfig {
  const values = loadConfig(socketProxyVariables, env);
  return {
    host: values.SOCKET_PROXY_HOST,
    port: values.SOCKET_PROXY_PORT,
    engineSocket: values.SOCKET_PROXY_ENGINE_SOCKET,
    access: toAccess(values),
    logLevel: values.SOCKET_PROXY_LOG_LEVEL,
  };
}

function toAccess(values: z.infer<typeof socketProxyVariables>): SocketProxyConfig["access"] {
  if (values.SOCKET_PROXY_PROFILE === "edge") return { profile: "edge" };
  const { SOCKET_PROXY_INSTALL_ID: installId, SOCKET_PROXY_IMAGES: images, SOCKET_PROXY_PORT_RANGE: ports } = values;
  if (installId === undefined || images === undefined || images.length === 0 || ports === undefined)
    throw new Error(
      "configuration is not usable:\n  SOCKET_PROXY_INSTALL_ID, SOCKET_PROXY_IMAGES and SOCKET_PROXY_PORT_RANGE: needed for the provisioner",
    );
  return { profile: "provisioner", policy: { installId, images, ports, network: values.SOCKET_PROXY_NETWORK } };
}
