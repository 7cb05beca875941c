import { randomBytes } from "node:crypto";
import { slotResourceName } from "@automna/contract/nodekeeper";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { changeDesired } from "@automna/records/agents";
import { findSlotOfAgent, type SlotRecord } from "@automna/records/slots";
import { idFrom } from "@automna/core/shared/ids";
import { makeSilentLog } from "@automna/service-kit/log";
import { command } from "@automna/testkit/docker/command";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import { startLabCell, type LabCell } from "@automna/testkit/docker/lab-cell";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { makeKeeperPools, type KeeperPools } from "../nodekeeper/keeper-pools.ts";
import { makeNodekeeperClient } from "../nodekeeper/nodekeeper-client.ts";
import { makeSlotKeeper } from "../nodekeeper/slot-keeper.ts";
import { newRings, startSwarmProvisioner, type SwarmProvisioner } from "../testing/swarm-provisioner.ts";
import { addCustomer, wishAgent } from "../testing/wished-agents.ts";
import type { SlotKeeper } from "./slot-keeper.ts";
import { dockerAt, makeSwarmEngine, type SwarmEngine } from "./swarm-engine.ts";
import { startSwarmRuntime, type SwarmRuntime } from "./swarm-runtime.ts";

// One cell for everything: three engines, two nodekeepers and an image are what takes the time.
let cell: LabCell;
let database: TestDatabase;
let db: PrismaClient;
let pools: KeeperPools;
beforeAll(async () => {
  cell = await startLabCell({ agentNodes: 2, images: [await buildTestImage("tinyAgent")] });
  database = await createTestDatabase();
  db = createPrismaClient(database.url, { max: 4 });
  pools = makeKeeperPools({ ca: cell.certificates.authority.certificate, ...cell.certificates.provisioner });
});
afterAll(async () => {
  await pools?.close();
  await db?.$disconnect();
  await database?.drop();
  await cell?.remove();
});

const nodeAt = (index: number): LabNode => {
  const node = cell.agentNodes[index];
  if (node === undefined) throw new Error(`the lab has no node ${index}`);
  return node;
};
const engineOf = (installId = cell.installId) =>
  makeSwarmEngine({ docker: dockerAt(`unix://${cell.manager.engine.socketPath}`), installId });
const containersOf = async (slotId: string, all = true) =>
  (
    await Promise.all(
      cell.agentNodes.map(({ engine }) =>
        engine.docker.listContainers({ all, filters: { label: [`automna.slot=${slotId}`] } }),
      ),
    )
  ).flat();

describe("the runtime", () => {
  const places = new Map<string, string>();
  const call = { fencing: 1n, signal: AbortSignal.timeout(280_000) };
  const directory = () => {
    const nodeOf = (nodeId: string) => {
      const keeper = cell.keepers.get(nodeId);
      if (keeper === undefined) throw new Error(`no nodekeeper on ${nodeId}`);
      return { name: keeper.name, keeperUrl: keeper.url };
    };
    return {
      ofSlot: async (slotId: string) => nodeOf(places.get(slotId) ?? ""),
      byId: async (nodeId: string) => nodeOf(nodeId),
    };
  };
  const startRuntime = (over: { engine?: SwarmEngine; keeper?: SlotKeeper; installId?: string } = {}): SwarmRuntime => {
    const installId = over.installId ?? cell.installId;
    const egressUrls = ["http://192.0.2.1:4604"];
    return startSwarmRuntime({
      engine: over.engine ?? engineOf(installId),
      keeper: over.keeper ?? makeSlotKeeper(makeNodekeeperClient(pools), directory()),
      settings: { installId, network: cell.network, egressUrls, dns: [], logLevel: "info" },
      clock: Date.now,
      log: makeSilentLog(),
    });
  };
  let port = cell?.ports.first ?? 20_900;
  const newSlot = (image: string = testImages.tinyAgent.tag): SlotSpec => {
    const { nodeId, address: host } = nodeAt(0);
    const slotId = idFrom("slt", randomBytes(20));
    places.set(slotId, nodeId);
    const limits = { memoryMb: 512, cpus: 1, pids: 256, volumeMb: 64 };
    return { slotId, keyGeneration: 1, rootKey: randomBytes(32), host, port: (port += 1), nodeId, image, ...limits };
  };

  test("makes a slot once and removes it whole, whichever call it dies after", async () => {
    const keeper = makeSlotKeeper(makeNodekeeperClient(pools), directory());
    /** A runtime whose process dies right after the call that changes something for the n-th time. */
    const dyingAfter = (calls: number) => {
      let left = calls;
      const mortal = <Part extends object>(part: Part, changes: readonly string[]): Part =>
        new Proxy(part, {
          get(target, name) {
            const made = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
            if (!changes.includes(String(name))) return made;
            return async (...args: unknown[]) => {
              const answer = await made(...args);
              left -= 1;
              if (left === 0) throw new Error("killed");
              return answer;
            };
          },
        });
      return startRuntime({
        engine: mortal(engineOf(), ["createSecret", "createService", "removeService", "removeSecret"]),
        keeper: mortal(keeper, ["create", "delete"]),
      });
    };
    const runtime = startRuntime();
    const secretsOf = async (slotId: string) =>
      (await engineOf().listSecrets(call.signal)).filter(({ labels }) => labels["automna.slot"] === slotId);
    for (const calls of [1, 2, 3]) {
      const slot = newSlot();
      const dying = dyingAfter(calls);
      await expect(dying.create(slot, call), `after change ${calls}`).rejects.toThrow("killed");
      await dying.close();
      expect(await runtime.listOwned(call.signal)).toContain(slot.slotId);
      await runtime.create(slot, call);
      const made = { kind: "stopped", lastExit: "clean", endedAtMs: null };
      expect(await runtime.observe(slot.slotId, call.signal)).toEqual(made);
      expect(await secretsOf(slot.slotId)).toHaveLength(1);
      const dyingAgain = dyingAfter(calls);
      await expect(dyingAgain.delete(slot.slotId, call), `after change ${calls}`).rejects.toThrow("killed");
      await dyingAgain.close();
      await runtime.delete(slot.slotId, call);
      expect(await runtime.observe(slot.slotId, call.signal)).toEqual({ kind: "absent" });
      expect(await runtime.listOwned(call.signal)).not.toContain(slot.slotId);
      expect(await secretsOf(slot.slotId)).toEqual([]);
    }
    await runtime.close();
  });

  test("says what became of a slot whose image is nowhere", async () => {
    const runtime = startRuntime();
    const slot = newSlot("automna/nowhere:1");
    await runtime.create(slot, call);
    await runtime.start(slot, call);
    await expect
      .poll(() => runtime.observe(slot.slotId, call.signal), { timeout: 60_000, interval: 300 })
      .toMatchObject({ kind: "stopped", lastExit: "image_missing" });
    await runtime.stop(slot.slotId, call);
    await runtime.delete(slot.slotId, call);
    await runtime.close();
  });

  test("starts nothing without the slot's own volume, and nothing twice", async () => {
    const runtime = startRuntime();
    const slot = newSlot();
    await expect(runtime.start(slot, call)).rejects.toMatchObject({ code: "slot_data_missing" });
    await runtime.create(slot, call);
    await runtime.start(slot, call);
    await expect(runtime.start(slot, call)).rejects.toMatchObject({ code: "slot_running" });
    // An older worker's call is refused by the node itself.
    await runtime.stop(slot.slotId, { ...call, fencing: 7n });
    await expect(runtime.start(slot, call)).rejects.toMatchObject({ code: "fencing_outdated" });
    await runtime.delete(slot.slotId, { ...call, fencing: 8n });
    await runtime.close();
  });

  test("touches nothing of another installation, even under its own name", async () => {
    const runtime = startRuntime();
    const slot = newSlot();
    const name = slotResourceName(slot.slotId);
    const theirs = { Name: name, Labels: { "automna.install": "another", "automna.slot": slot.slotId } };
    const template = { ContainerSpec: { Image: "theirs:1" } };
    const service = await cell.manager.engine.docker.createService({
      ...theirs,
      TaskTemplate: template,
      Mode: { Replicated: { Replicas: 0 } },
    });
    await expect(runtime.create(slot, call)).rejects.toMatchObject({ code: "slot_foreign" });
    await expect(runtime.delete(slot.slotId, call)).rejects.toMatchObject({ code: "slot_foreign" });
    expect(await runtime.observe(slot.slotId, call.signal)).toEqual({ kind: "absent" });
    await cell.manager.engine.docker.getService(service.id).remove();
    await runtime.delete(slot.slotId, call);
    await runtime.close();
  });
});

describe("two provisioners on one cell", () => {
  let provisioners: SwarmProvisioner[] = [];
  const begin = async () => {
    const rings = newRings();
    const options = {
      cell,
      databaseUrl: database.urlAs("automna_provisioner"),
      image: testImages.tinyAgent.tag,
      rings,
    };
    provisioners = await Promise.all([startSwarmProvisioner(options), startSwarmProvisioner(options)]);
  };
  afterAll(async () => {
    await Promise.all(provisioners.map((provisioner) => provisioner.kill()));
  });
  const deploy = async () => wishAgent(db, await addCustomer(db));
  const wish = (agentId: string, desired: "running" | "stopped" | "deleted") =>
    changeDesired(db, { agentId, desired, isRestart: false, assertPossible: () => undefined });
  const phaseOf = async (agentId: string) => (await db.agent.findUniqueOrThrow({ where: { id: agentId } })).phase;
  const until = (agentId: string, phase: string) =>
    expect.poll(() => phaseOf(agentId), { timeout: 120_000, interval: 250 }).toBe(phase);
  const slotOf = async (agentId: string): Promise<SlotRecord> => {
    const slot = await findSlotOfAgent(db, agentId);
    if (slot === null) throw new Error(`${agentId} has no slot`);
    return slot;
  };
  const inside = async (slotId: string, ...argv: string[]): Promise<string> => {
    const [container] = await containersOf(slotId, false);
    if (container === undefined) throw new Error(`${slotId} runs nowhere`);
    const engine = cell.agentNodes.find(
      ({ nodeId }) => nodeId === container.Labels["com.docker.swarm.node.id"],
    )?.engine;
    if (engine === undefined) throw new Error("the container is on no node of the lab");
    return command(["docker", `--host=unix://${engine.socketPath}`, "exec", "--user=10002", container.Id, ...argv]);
  };

  test("make one slot of each agent, on both nodes, behind every wall; stop, start and delete them without a trace", async () => {
    await begin();
    const agentIds = await Promise.all([deploy(), deploy(), deploy()]);
    for (const agentId of agentIds) await until(agentId, "ready");
    const slots = await Promise.all(agentIds.map(slotOf));
    expect(new Set(slots.map(({ nodeId }) => nodeId)).size).toBe(2);
    for (const slot of slots) {
      expect(await containersOf(slot.id)).toHaveLength(1);
      expect(await fetch(`http://${slot.host}:${slot.port}/healthz`).then((answer) => answer.status)).toBe(200);
    }
    const [agentId, killed, left] = agentIds;
    const slot = await slotOf(agentId);
    await assertWalls(slot.id);

    // A container that is killed comes back on the same volume.
    const victim = await slotOf(killed);
    await inside(victim.id, "sh", "-c", "echo kept > /data/state/proof");
    const [before] = await containersOf(victim.id, false);
    const engine = cell.agentNodes.find(({ nodeId }) => nodeId === victim.nodeId)?.engine;
    await engine?.docker.getContainer(before?.Id ?? "").kill();
    await expect
      .poll(async () => (await containersOf(victim.id, false))[0]?.Id ?? before?.Id, { timeout: 120_000 })
      .not.toBe(before?.Id);
    await until(killed, "ready");
    expect(await inside(victim.id, "cat", "/data/state/proof")).toBe("kept\n");

    await wish(agentId, "stopped");
    await until(agentId, "asleep");
    expect(await containersOf(slot.id, false)).toEqual([]);
    await provisioners[0]?.kill();
    await wish(agentId, "running");
    await until(agentId, "ready");
    expect(await slotOf(agentId)).toMatchObject({ id: slot.id, port: slot.port });

    for (const id of [agentId, killed, left]) await wish(id, "deleted");
    for (const id of [agentId, killed, left]) await until(id, "deleted");
    const docker = cell.manager.engine.docker;
    expect([await docker.listServices(), await docker.listSecrets()]).toEqual([[], []]);
    for (const keeper of cell.keepers.values()) expect((await keeper.call({ path: "/v1/slots" })).json()).toEqual([]);
  });

  async function assertWalls(slotId: string): Promise<void> {
    const [container] = await containersOf(slotId, false);
    const engine = cell.agentNodes.find(
      ({ nodeId }) => nodeId === container?.Labels["com.docker.swarm.node.id"],
    )?.engine;
    const { HostConfig: host, Config: config } =
      (await engine?.docker.getContainer(container?.Id ?? "").inspect()) ?? {};
    expect(host).toMatchObject({
      ReadonlyRootfs: true,
      Privileged: false,
      Init: true,
      CapDrop: ["ALL"],
      CapAdd: ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"],
      Memory: 2_560 * 1_048_576,
      NanoCpus: 2_000_000_000,
      PidsLimit: 1_024,
    });
    expect([host?.Binds ?? [], host?.PidMode, host?.IpcMode]).toEqual([[], "", "private"]);
    expect(JSON.stringify(config?.Env)).not.toMatch(/ROOT_KEY=|TOKEN|PASSWORD/);
    const status = await inside(slotId, "sh", "-c", "cat /proc/self/status");
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
      expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    // The gateway itself, whose child an agent's shell is: it has nothing, and with no new privileges can get nothing.
    const gateway = await inside(slotId, "sh", "-c", "cat /proc/$(pgrep -o -u 10002 -f stand-in-gateway)/status");
    expect(gateway).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
      expect(gateway).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    expect(gateway).toMatch(/^CapBnd:\s+0+e0$/m);
    for (const forbidden of [
      "cat /run/secrets/slot-root-key",
      "ls /data/agentd",
      "touch /opt/here",
      "touch /data/here",
      "mknod /tmp/disk b 8 0",
      "mount -t tmpfs none /tmp",
    ])
      await expect(inside(slotId, "sh", "-c", forbidden), forbidden).rejects.toThrow(
        /denied|Read-only|not permitted|superuser/i,
      );
    await expect(inside(slotId, "sh", "-c", "fallocate -l 12G /data/state/full")).rejects.toThrow(
      "No space left on device",
    );
    await inside(slotId, "rm", "-f", "/data/state/full");
  }
});
