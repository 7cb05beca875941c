import { expect, test } from "vitest";
import { loadNodekeeperConfig } from "./config.ts";
import { parseSwap } from "./health.ts";
import { parseSuperblock } from "./volumes/file-system.ts";

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

test("a file system's usage is read from its superblock, also of one beyond 16 TB, and what is none is an error", () => {
  const block = Buffer.alloc(1_024);
  expect(() => parseSuperblock(block)).toThrow("no ext4");
  block.writeUInt16LE(0xef_53, 0x38);
  block.writeUInt32LE(2, 0x18);
  block.writeUInt32LE(1_000, 0x4);
  block.writeUInt32LE(250, 0xc);
  block.writeUInt32LE(1_795_362_258, 0x2c);
  expect(parseSuperblock(block)).toEqual({ usedBytes: 750 * 4_096, lastMount: 1_795_362_258 });
  block.writeUInt32LE(1, 0x1_50);
  expect(parseSuperblock(block).usedBytes).toBe((2 ** 32 + 750) * 4_096);
});
