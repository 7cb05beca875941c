import { newKeyRingJson } from "@automna/service-kit/secret-box";
import { describe, expect, test } from "vitest";
import { assertApart, loadEgressConfig, loadIngressConfig } from "./config.ts";

const ingress = {
  INGRESS_PORT: "0",
  INGRESS_DATABASE_URL: "postgres://x",
  INGRESS_ORIGIN: "https://app.example",
  INGRESS_SESSION_JWT_KEY: "-----BEGIN PUBLIC KEY-----",
  INGRESS_SESSION_ISSUER: "issuer",
  INGRESS_SLOT_KEY_RING: newKeyRingJson(),
};

test("a full environment is read, with defaults", () => {
  expect(loadIngressConfig(ingress)).toMatchObject({
    INGRESS_HOST: "127.0.0.1",
    INGRESS_PORT: 0,
    INGRESS_DRAIN_TIMEOUT_MS: 20_000,
  });
  const egress = loadEgressConfig({
    EGRESS_PORT: "1",
    EGRESS_DATABASE_URL: "x",
    EGRESS_MODEL_KEY_RING: newKeyRingJson(),
  });
  expect(egress.EGRESS_MODEL_PROVIDER_URL).toBe("https://api.anthropic.com");
});

test("what is wrong is named, and a wrong key ring is not quoted", () => {
  expect(() => loadIngressConfig({})).toThrow(/INGRESS_PORT[\s\S]*INGRESS_ORIGIN[\s\S]*INGRESS_SLOT_KEY_RING/);
  expect(() => loadIngressConfig({ ...ingress, INGRESS_ORIGIN: "https://app.example/path" })).toThrow(/origin/);
  expect(() => loadIngressConfig({ ...ingress, INGRESS_SLOT_KEY_RING: '{"secret":1}' })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret"') }),
  );
});

describe("apps may not be near the dashboard", () => {
  const near: [string, string][] = [
    ["https://automna.ai", "https://automna.ai"],
    ["https://apps.automna.ai", "https://automna.ai"],
    ["https://automna.ai", "https://app.automna.ai"],
    ["http://localhost:4600", "http://localhost:4600"],
  ];
  test.each(near)("%s is, to %s", (apps, dashboard) => {
    expect(() => assertApart(apps, dashboard)).toThrow("set cookies");
  });
  const apart: [string, string][] = [
    ["https://automna-apps.example", "https://automna.ai"],
    ["https://apps.example", "https://automna.ai"],
    ["http://apps.localhost:4600", "http://localhost:4600"],
    ["https://notautomna.ai", "https://automna.ai"],
  ];
  test.each(apart)("%s is not, to %s", (apps, dashboard) => {
    expect(() => assertApart(apps, dashboard)).not.toThrow();
  });
});
