import type { PrepareRequest } from "@automna/contract/agentd";
import { AGENT_ORIGIN, CUSTOMER_SCOPES, OWNER, OWNER_HEADER } from "./header-rules.ts";

export interface GatewayConfigFacts {
  /** What the process is made from, whoever it is for. */
  wish: PrepareRequest;
  /** Loopback port of the gateway. */
  port: number;
  /** Loopback port of agentd's model port, and what opens it. */
  modelPort: number;
  modelToken: string;
  /** Name of the header without which the gateway trusts nobody. */
  gateHeader: string;
  stateDir: string;
}

/** Parts of openclaw.json that are ours alone, and parts that are laid over what the agent keeps there. */
export interface GatewayConfig {
  owned: Record<string, unknown>;
  overlaid: Record<string, unknown>;
}

/** Claude's limits as OpenClaw wants them per model; costs are kept by the platform, so they are 0 here. */
const MODEL_FACTS = {
  reasoning: false,
  input: ["text", "image"],
  contextWindow: 200_000,
  maxTokens: 32_000,
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
};

/** openclaw.json for a gateway. Pure. The customer's key is no part of it: the provider is agentd's model port. */
export function planGatewayConfig({
  wish,
  port,
  modelPort,
  modelToken,
  gateHeader,
  stateDir,
}: GatewayConfigFacts): GatewayConfig {
  return {
    owned: {
      gateway: {
        mode: "local",
        port,
        bind: "loopback",
        trustedProxies: ["127.0.0.1"],
        auth: {
          mode: "trusted-proxy",
          // Listed one by one: the cap in X-OpenClaw-Scopes is intersected literally, admin does not imply the others.
          identityScopes: { [OWNER]: ["operator.admin", ...CUSTOMER_SCOPES] },
          trustedProxy: {
            userHeader: OWNER_HEADER,
            // OpenClaw checks that the header is there, not its value, so its random name is the secret: other
            // processes that share this loopback (slots of the process runtime) can't pose as agentd.
            requiredHeaders: [gateHeader],
            allowUsers: [OWNER],
            allowLoopback: true,
          },
        },
        controlUi: { enabled: false, allowedOrigins: [AGENT_ORIGIN] },
        terminal: { enabled: false },
      },
      discovery: { mdns: { mode: "off" } },
      update: { checkOnStart: false, auto: { enabled: false } },
      // The default file lies in /tmp, shared by all slots of a machine.
      logging: { level: "info", file: `${stateDir}/logs/openclaw.log`, maxFileBytes: 5_000_000 },
    },
    overlaid: {
      models: { mode: "merge", providers: { anthropic: provider(wish, modelPort, modelToken) } },
      agents: {
        defaults: {
          model: { primary: `anthropic/${wish.model}` },
          // Named, so that recaps and titles are recognised at egress by their model.
          utilityModel: `anthropic/${wish.utilityModel}`,
          // A heartbeat is a paid model call every half hour.
          heartbeat: { every: "0m" },
        },
      },
    },
  };
}

function provider(wish: PrepareRequest, modelPort: number, modelToken: string): Record<string, unknown> {
  const ids = [...new Set([wish.model, wish.utilityModel])];
  return {
    baseUrl: `http://127.0.0.1:${modelPort}`,
    api: "anthropic-messages",
    apiKey: modelToken,
    models: ids.map((id) => ({ id, name: id, ...MODEL_FACTS })),
  };
}

export interface EnvironmentFacts {
  stateDir: string;
  /** Folder of the node binary: the agent's own tools find it first. */
  nodeDir: string;
  memoryMb: number;
  timeZone: string;
}

/** The gateway's whole environment: nothing of agentd's own leaks into it. Pure. */
export function gatewayEnvironment({
  stateDir,
  nodeDir,
  memoryMb,
  timeZone,
}: EnvironmentFacts): Record<string, string> {
  return {
    PATH: `${nodeDir}:/usr/local/bin:/usr/bin:/bin`,
    HOME: stateDir,
    TMPDIR: `${stateDir}/tmp`,
    LANG: "C.UTF-8",
    TZ: timeZone,
    NODE_OPTIONS: `--max-old-space-size=${memoryMb}`,
    OPENCLAW_STATE_DIR: stateDir,
    OPENCLAW_CONFIG_PATH: `${stateDir}/openclaw.json`,
    OPENCLAW_DISABLE_BONJOUR: "1",
    // agentd owns restarts: without this an update or a restart request could leave a detached process.
    OPENCLAW_NO_RESPAWN: "1",
    OPENCLAW_NO_AUTO_UPDATE: "1",
    OPENCLAW_OFFLINE: "1",
    OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
    // Several slots may share a machine; each has its own state folder and its own lock in it.
    OPENCLAW_ALLOW_MULTI_GATEWAY: "1",
  };
}
