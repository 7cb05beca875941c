import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { slotDevice } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import { command } from "@automna/testkit/docker/command";
import {
  makeCellCertificates,
  startNodekeeper,
  type CellCertificates,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeKeeperPools, type KeeperPools } from "./keeper-pools.ts";
import { makeNodekeeperClient, type NodekeeperClient } from "./nodekeeper-client.ts";
import { makeSlotVolumes, type SlotVolumes } from "./slot-volumes.ts";

let lab: SwarmLab;
let keepers: [LabNodekeeper, LabNodekeeper];
let certificates: CellCertificates;
let pools: KeeperPools;
let client: NodekeeperClient;
let volumes: SlotVolumes;
/** Where each slot lies: 0 or 1. */
const places = new Map<string, 0 | 1>();
const nodeOf = (place: 0 | 1) => ({ name: keepers[place].name, keeperUrl: keepers[place].url });

beforeAll(async () => {
  lab = await startSwarmLab({ size: 2 });
  certificates = await makeCellCertificates();
  const [first, second] = await Promise.all(lab.nodes.map((node) => startNodekeeper({ lab, node, certificates })));
  if (first === undefined || second === undefined) throw new Error("two nodes were wanted");
  keepers = [first, second];
  pools = makeKeeperPools({ ca: certificates.authority.certificate, ...certificates.provisioner });
  client = makeNodekeeperClient(pools);
  volumes = makeSlotVolumes(client, (slotId) => Promise.resolve(nodeOf(places.get(slotId) ?? 0)));
});
afterAll(async () => {
  await pools.close();
  await lab.remove();
  await Promise.all(keepers.map((keeper) => keeper.remove()));
});

const call = { fencing: 5n, signal: AbortSignal.timeout(240_000) };
const newSlot = (place: 0 | 1) => {
  const slotId = idFrom("slt", randomBytes(20));
  places.set(slotId, place);
  return slotId;
};
const fileOf = (slotId: string) => join(keepers[places.get(slotId) ?? 0].dataDir, "volumes", slotId, "volume.ext4");

/** Writes into a stopped slot's volume, as a slot that ran would have: through its device, mounted for a moment. */
async function fill(slotId: string, megabytes: number): Promise<void> {
  const folder = (await command(["mktemp", "-d"])).trim();
  await command(["mount", "-t", "ext4", slotDevice(slotId), folder]);
  try {
    await command(["dd", "if=/dev/urandom", `of=${folder}/state/noise`, "bs=1M", `count=${megabytes}`]);
    await command(["sh", "-c", 'for i in $(seq 200); do echo "file $i" > "$1/state/file-$i"; done', "sh", folder]);
  } finally {
    await command(["umount", folder]);
    await command(["rmdir", folder]);
  }
}

/** Digests of all files of a volume, read without mounting it. */
async function contentOf(slotId: string): Promise<string> {
  const folder = (await command(["mktemp", "-d"])).trim();
  try {
    await command(["debugfs", "-R", `rdump /state ${folder}`, fileOf(slotId)]);
    return await command(["sh", "-c", 'cd "$1" && find . -type f | sort | xargs sha256sum', "sh", folder]);
  } finally {
    await command(["rm", "-rf", folder]);
  }
}

describe("a slot's volume", () => {
  test("moves to another node's slot whole, into its larger volume, twice as well as once", async () => {
    const [from, to] = [newSlot(0), newSlot(1)];
    await volumes.create(from, 48, call);
    await fill(from, 20);
    await volumes.create(to, 64, call);
    await volumes.copy({ from, to }, call);
    expect(await contentOf(to)).toBe(await contentOf(from));
    const moved = await volumes.observe(to, call.signal);
    expect(moved).toMatchObject({ sizeMb: 64, device: slotDevice(to), isInUse: false });
    await command(["e2fsck", "-f", "-n", fileOf(to)]);
    const { ino } = statSync(fileOf(to));
    await volumes.copy({ from, to }, call);
    expect(statSync(fileOf(to)).ino, "the second call sent nothing").toBe(ino);
    // The source ran again: what arrived before is outdated.
    await fill(from, 5);
    await volumes.copy({ from, to }, call);
    expect(await contentOf(to)).toBe(await contentOf(from));
    await Promise.all([from, to].map((slotId) => volumes.delete(slotId, call)));
  });

  test("on which something ran is never replaced by a copy", async () => {
    const [from, to] = [newSlot(0), newSlot(1)];
    await volumes.create(from, 32, call);
    await volumes.create(to, 32, call);
    await fill(to, 2);
    const before = await contentOf(to);
    await fill(from, 20);
    await expect(volumes.copy({ from, to }, call)).rejects.toMatchObject({ code: "volume_exists" });
    expect(await contentOf(to)).toBe(before);
  });

  test.each([
    ["the receiving", 1],
    ["the sending", 0],
  ] as const)(
    "whose %s nodekeeper is killed in the middle can't be started, and arrives with the next call",
    async (_, victim) => {
      const [from, to] = [newSlot(0), newSlot(1)];
      await volumes.create(from, 256, call);
      await fill(from, 150);
      await volumes.create(to, 256, call);
      const copying = volumes.copy({ from, to }, call);
      copying.catch(() => undefined);
      const unfinished = join(keepers[1].dataDir, "volumes", to, "unfinished-copy");
      await expect
        .poll(() => statSync(unfinished, { throwIfNoEntry: false })?.blocks ?? 0, { interval: 2 })
        .toBeGreaterThan(0);
      await keepers[victim].kill();
      await expect(copying).rejects.toMatchObject({ code: expect.stringMatching(/^(node_unreachable|copy_damaged)$/) });
      await keepers[victim].start();
      // The target may need a moment to see that nobody sends any more.
      await expect.poll(() => statSync(unfinished, { throwIfNoEntry: false }) ?? null, { timeout: 20_000 }).toBeNull();
      await expect(volumes.attach(to, call)).rejects.toMatchObject({ code: "slot_data_missing" });
      await volumes.copy({ from, to }, call);
      expect(await contentOf(to)).toBe(await contentOf(from));
      await Promise.all([from, to].map((slotId) => volumes.delete(slotId, call)));
    },
  );

  test("goes through us no faster than the receiving node takes it", async () => {
    const [from, to] = [newSlot(0), newSlot(1)];
    await volumes.create(from, 96, call);
    await fill(from, 70);
    const pid =
      (await command(["pgrep", "-f", `${keepers[1].dataDir.replace(/data$/, "")}$`])).trim().split("\n")[0] ?? "";
    const before = process.memoryUsage().rss;
    const copying = volumes.copy({ from, to }, call);
    await expect
      .poll(() => statSync(join(keepers[1].dataDir, "volumes", to), { throwIfNoEntry: false }) ?? null, { interval: 2 })
      .not.toBeNull();
    process.kill(Number(pid), "SIGSTOP");
    await sleep(1_500);
    const held = process.memoryUsage().rss - before;
    process.kill(Number(pid), "SIGCONT");
    await copying;
    expect(held).toBeLessThan(40 * 1024 * 1024);
    expect(await contentOf(to)).toBe(await contentOf(from));
  });
});

describe("errors of a node's nodekeeper", () => {
  test("come as the same error here, with the node's name", async () => {
    const slotId = newSlot(0);
    await expect(volumes.attach(slotId, call)).rejects.toMatchObject({
      code: "slot_data_missing",
      details: { node: "node1" },
    });
    await volumes.create(slotId, 32, { ...call, fencing: 9n });
    await expect(volumes.delete(slotId, { ...call, fencing: 8n })).rejects.toMatchObject({
      code: "fencing_outdated",
      kind: "conflict",
    });
  });

  test("of one that is away, or is another node than its name says, are transient and name the node", async () => {
    const signal = AbortSignal.timeout(20_000);
    const away = { name: "node1", keeperUrl: `https://${lab.network.prefix}.200:7443` };
    await expect(client.ask(away, "health", { signal })).rejects.toMatchObject({
      code: "node_unreachable",
      kind: "transient",
    });
    const mistaken = { name: "node1", keeperUrl: keepers[1].url };
    await expect(client.ask(mistaken, "health", { signal })).rejects.toMatchObject({
      code: "node_unreachable",
      details: { node: "node1" },
    });
    const aborted = AbortSignal.abort(new Error("lease lost"));
    await expect(client.ask(nodeOf(0), "health", { signal: aborted })).rejects.toThrow("lease lost");
  });
});
