import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { loadAgentdConfig } from "./config.ts";

const env = {
  AGENTD_SLOT_ID: `slt_${"0".repeat(20)}`,
  AGENTD_GENERATION: "3",
  AGENTD_ROOT_KEY: randomBytes(32).toString("base64url"),
  AGENTD_PORT: "4700",
  AGENTD_EGRESS_URLS: "http://127.0.0.1:1, http://127.0.0.1:2",
  AGENTD_GATEWAY_DIR: "/gateway",
  AGENTD_STATE_DIR: "/state",
  AGENTD_RUN_DIR: "/run/agentd",
};

describe("agentd's configuration", () => {
  test("starts OpenClaw in the foreground from the gateway folder", () => {
    const config = loadAgentdConfig(env, "/node");
    expect(config).toMatchObject({
      generation: 3,
      host: "127.0.0.1",
      gatewayUid: null,
      egressUrls: ["http://127.0.0.1:1", "http://127.0.0.1:2"],
    });
    expect(config.gatewayCommand).toEqual(["/node", "/gateway/node_modules/openclaw/openclaw.mjs", "gateway", "run"]);
  });

  test("names every variable that is wrong, and never the key", () => {
    const broken = { ...env, AGENTD_ROOT_KEY: "c2hvcnQ", AGENTD_SLOT_ID: "1", AGENTD_GATEWAY_COMMAND_JSON: "node x" };
    expect(() => loadAgentdConfig(broken, "/node")).toThrow(
      /AGENTD_SLOT_ID[^]*AGENTD_ROOT_KEY[^]*AGENTD_GATEWAY_COMMAND_JSON/,
    );
    expect(() => loadAgentdConfig(broken, "/node")).not.toThrow(/c2hvcnQ/);
  });
});
