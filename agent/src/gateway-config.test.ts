import { describe, expect, test } from "vitest";
import { gatewayEnvironment, planGatewayConfig } from "./gateway-config.ts";

const claim = {
  agentId: "agt_1",
  userId: "user_1",
  name: "Nova",
  personality: "Warm.",
  model: "claude-sonnet-4-5",
  utilityModel: "claude-haiku-4-5",
  memoryMb: 1_024,
};
const facts = {
  wish: claim,
  port: 4_001,
  modelPort: 4_002,
  modelToken: "token",
  gateHeader: "x-automna-gate-abc",
  stateDir: "/state",
};

describe("openclaw.json", () => {
  test("trusts agentd alone, on loopback, as one user whose customers' scopes can be capped", () => {
    expect(planGatewayConfig(facts).owned["gateway"]).toEqual({
      mode: "local",
      port: 4_001,
      bind: "loopback",
      trustedProxies: ["127.0.0.1"],
      auth: {
        mode: "trusted-proxy",
        identityScopes: {
          owner: ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.questions"],
        },
        trustedProxy: {
          userHeader: "x-automna-owner",
          requiredHeaders: ["x-automna-gate-abc"],
          allowUsers: ["owner"],
          allowLoopback: true,
        },
      },
      controlUi: { enabled: false, allowedOrigins: ["https://agent.automna.internal"] },
      terminal: { enabled: false },
    });
  });

  test("sends every model call to the model port, recaps by a model of their own", () => {
    const { models, agents } = planGatewayConfig(facts).overlaid as {
      models: { providers: { anthropic: { models: { id: string }[] } } };
      agents: unknown;
    };
    expect(models.providers.anthropic).toMatchObject({
      baseUrl: "http://127.0.0.1:4002",
      api: "anthropic-messages",
      apiKey: "token",
    });
    expect(models.providers.anthropic.models.map(({ id }) => id)).toEqual(["claude-sonnet-4-5", "claude-haiku-4-5"]);
    expect(agents).toEqual({
      defaults: {
        model: { primary: "anthropic/claude-sonnet-4-5" },
        utilityModel: "anthropic/claude-haiku-4-5",
        heartbeat: { every: "0m" },
      },
    });
  });

  test("keeps updates, discovery and shared log files off", () => {
    expect(planGatewayConfig(facts).owned).toMatchObject({
      update: { checkOnStart: false },
      discovery: { mdns: { mode: "off" } },
      logging: { file: "/state/logs/openclaw.log" },
    });
  });
});

test("the gateway's environment holds what it needs and nothing of agentd's", () => {
  const environment = gatewayEnvironment({ stateDir: "/state", nodeDir: "/node", memoryMb: 1_024, timeZone: "UTC" });
  expect(environment).toMatchObject({
    HOME: "/state",
    TMPDIR: "/state/tmp",
    OPENCLAW_STATE_DIR: "/state",
    NODE_OPTIONS: "--max-old-space-size=1024",
    OPENCLAW_NO_RESPAWN: "1",
  });
  expect(Object.keys(environment).filter((name) => name.startsWith("AGENTD_"))).toEqual([]);
});
