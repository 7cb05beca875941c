import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { closedRuleset, guardRuleset } from "./guard-ruleset.ts";
import { guardSettingsSchema } from "./guard-settings.ts";

const settings = guardSettingsSchema.parse({
  agentsBridge: "br-agents",
  agentsSubnet: "10.201.0.0/20",
  privateInterface: "enp7s0",
  agentPorts: { first: 20_000, last: 20_999 },
  proxies: ["10.0.0.2", "10.0.0.3"],
  resolvers: ["185.12.64.1", "185.12.64.2"],
  egress: [{ address: "10.0.0.2", port: 4000 }],
  keeper: { port: 7443, callers: ["10.0.0.2", "10.0.0.3"] },
});

test("infra/node-guard.nft is what these settings give", () => {
  const file = readFileSync(fileURLToPath(new URL("../../../infra/node-guard.nft", import.meta.url)), "utf8");
  expect(
    file
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .join("\n"),
  ).toBe(guardRuleset(settings));
});

test("addresses of both families come into rules of their own", () => {
  const text = guardRuleset({ ...settings, proxies: ["10.0.0.2", "fd00::2"] });
  expect(text).toContain('iifname "enp7s0" ip saddr { 10.0.0.2 } accept');
  expect(text).toContain('iifname "enp7s0" ip6 saddr { fd00::2 } accept');
});

test("a cell without resolvers and egress of its own opens nothing for them", () => {
  const text = guardRuleset({ ...settings, resolvers: [], egress: [] });
  expect(text).not.toContain("dport 53");
  expect(text).not.toMatch(/\{\s*\}/);
});

test("the closed guard lets nothing out and nothing in", () => {
  expect(closedRuleset(settings)).toContain('iifname "br-agents" drop');
  expect(closedRuleset(settings)).not.toContain("accept;\n    accept");
});

describe("settings that would become other rules are refused", () => {
  test.each([
    ["agentsBridge", 'br" accept; iifname "x'],
    ["privateInterface", "eth0; accept"],
    ["privateInterface", "*"],
    ["agentsSubnet", "10.0.0.0/8, 0.0.0.0/0"],
    ["agentsSubnet", "10.0.0.1/99"],
    ["proxies", ["0.0.0.0/0"]],
    ["proxies", ["10.0.0.2 } accept; { 10.0.0.3"]],
    ["proxies", []],
    ["resolvers", ["example.com"]],
    ["agentPorts", { first: 2, last: 1 }],
    ["agentPorts", { first: 0, last: 99_999 }],
    ["keeper", { port: 7443, callers: [] }],
    ["somethingElse", true],
  ])("%s: %j", (field, value) => {
    expect(guardSettingsSchema.safeParse({ ...settings, [field]: value }).success).toBe(false);
  });
});
