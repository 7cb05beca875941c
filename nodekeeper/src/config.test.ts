import { expect, test } from "vitest";
import { loadNodekeeperConfig } from "./config.ts";
import { parseSwap } from "./health.ts";
import { parseUsage } from "./volumes/file-system.ts";

const guard = {
  agentsBridge: "br-agents",
  agentsSubnet: "10.201.0.0/20",
  privateInterface: "eth0",
  agentPorts: { first: 20_000, last: 20_999 },
  proxies: ["10.0.0.2"],
  resolvers: [],
  egress: [],
  keeper: { port: 7443, callers: ["10.0.0.2"] },
};
const env = {
  NODEKEEPER_NODE: "node-1",
  NODEKEEPER_HOST: "10.0.0.5",
  NODEKEEPER_CA: "ca",
  NODEKEEPER_CERTIFICATE: "certificate",
  NODEKEEPER_KEY: "key",
  NODEKEEPER_INSTALLATION: "ins",
  NODEKEEPER_GUARD_JSON: JSON.stringify(guard),
};

test("a node needs its name, address, certificate, installation and guard; the rest has defaults", () => {
  expect(loadNodekeeperConfig(env)).toMatchObject({
    port: 7443,
    dataDir: "/var/lib/automna",
    deviceDir: "/dev/automna",
    guard,
  });
  for (const name of Object.keys(env))
    expect(() => loadNodekeeperConfig({ ...env, [name]: undefined }), name).toThrow(name);
});

test("a guard that is not whole is refused with the place of the mistake", () => {
  const broken = JSON.stringify({ ...guard, proxies: ["everybody"] });
  expect(() => loadNodekeeperConfig({ ...env, NODEKEEPER_GUARD_JSON: broken })).toThrow(
    /NODEKEEPER_GUARD_JSON.*[\s\S]*proxies/,
  );
});

test("swap is read from the kernel's table", () => {
  expect(parseSwap("MemTotal:  1000 kB\nSwapTotal:       2097152 kB\nSwapFree:        1048576 kB\n")).toEqual({
    sizeMb: 2048,
    freeMb: 1024,
  });
  expect(parseSwap("MemTotal:  1000 kB\n")).toEqual({ sizeMb: 0, freeMb: 0 });
});

test("a file system's usage is read from its head, and what does not say it is an error", () => {
  const head =
    "Block count:              1000\nFree blocks:              250\nBlock size:               4096\nLast mount time:          n/a\n";
  expect(parseUsage(head)).toEqual({ usedBytes: 750 * 4096, lastMount: "n/a" });
  expect(() => parseUsage("Block count:  1\n")).toThrow("Free blocks");
});
