import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeSlotSchema, slotDevice, slotLabels, slotResourceName, snapshotSchema } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import { command } from "@automna/testkit/docker/command";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import {
  LAB_INSTALLATION,
  makeCellCertificates,
  startNodekeeper,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let lab: SwarmLab;
let keeper: LabNodekeeper;
beforeAll(async () => {
  lab = await startSwarmLab({ size: 1 });
  keeper = await startNodekeeper({ lab, node: lab.manager, certificates: await makeCellCertificates() });
  await loadImage(lab.manager.engine.docker, await buildTestImage("tinyAgent"));
});
afterAll(async () => {
  await lab.remove();
  await keeper.remove();
});

const newSlotId = () => idFrom("slt", randomBytes(20));
const change = async (method: string, path: string, body?: unknown, fencing: number | string = 1) => {
  const answer = await keeper.call({ method, path: `/v1/slots/${path}`, fencing, body });
  return { status: answer.status, body: answer.json() as { error?: { code: string } } };
};
const look = async (slotId: string) =>
  nodeSlotSchema.parse((await keeper.call({ path: `/v1/slots/${slotId}` })).json());
const makeVolume = async (sizeMb = 64) => {
  const slotId = newSlotId();
  expect(await change("PUT", `${slotId}/volume`, { sizeMb })).toMatchObject({ status: 200 });
  return slotId;
};

/** Runs a program in a container on the slot's volume, as the gateway's user, to its end. */
async function runOn(slotId: string, script: string): Promise<{ code: number; output: string }> {
  const { docker } = lab.manager.engine;
  const name = slotResourceName(slotId);
  await docker.createVolume({
    Name: name,
    Driver: "local",
    DriverOpts: { type: "ext4", device: slotDevice(slotId), o: "nodev,nosuid" },
  });
  const container = await docker.createContainer({
    Image: testImages.tinyAgent.tag,
    Entrypoint: ["sh", "-c", script],
    User: "10002:10002",
    Labels: { [slotLabels.slot]: slotId, [slotLabels.installation]: LAB_INSTALLATION },
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: name, Target: "/data" }],
      ReadonlyRootfs: true,
    },
  });
  await container.start();
  const { StatusCode: code } = (await container.wait()) as { StatusCode: number };
  const output = (await container.logs({ stdout: true, stderr: true })).toString("utf8");
  await container.remove();
  return { code, output };
}

describe("a slot's volume", () => {
  test("is made with marker and layout, is there after a second call, and is gone after two deletes", async () => {
    const slotId = await makeVolume();
    const before = await look(slotId);
    expect(before.volume).toMatchObject({ sizeMb: 64, device: slotDevice(slotId), isInUse: false, receivedAs: null });
    expect(before.volume?.storedMb).toBeLessThan(10);
    const { output } = await runOn(
      slotId,
      "cat /data/.automna-slot; stat -c '%n %u %a' /data /data/state /data/agentd; echo kept > /data/state/file",
    );
    expect(output).toContain(slotId);
    for (const line of ["/data 0 711", "/data/state 10002 700", "/data/agentd 10001 700"])
      expect(output).toContain(line);
    expect(await change("PUT", `${slotId}/volume`, { sizeMb: 64 })).toMatchObject({ status: 200 });
    expect((await runOn(slotId, "cat /data/state/file")).output).toContain("kept");
    expect(await change("DELETE", `${slotId}/volume`)).toMatchObject({ status: 200 });
    expect(await change("DELETE", `${slotId}/volume`)).toMatchObject({ status: 200 });
    expect(await look(slotId)).toMatchObject({ volume: null, container: null });
    expect(await change("POST", `${slotId}/volume/attach`)).toMatchObject({
      status: 409,
      body: { error: { code: "slot_data_missing" } },
    });
  });

  test("that is filled to the last byte harms nobody else", async () => {
    const slotId = await makeVolume(32);
    const neighbour = await makeVolume(32);
    const { code, output } = await runOn(slotId, "cat /dev/zero > /data/state/all");
    expect(code).not.toBe(0);
    expect(output).toContain("No space left on device");
    expect((await runOn(neighbour, "echo written > /data/state/file && cat /data/state/file")).output).toContain(
      "written",
    );
    const { volume } = await look(slotId);
    expect(volume?.usedMb).toBeGreaterThan(28);
    expect(volume?.storedMb).toBeLessThanOrEqual(33);
  });

  test("has its device under the same name after nodekeeper and the loop devices went away, as after a boot", async () => {
    const slotId = await makeVolume();
    await runOn(slotId, "echo before > /data/state/file");
    await keeper.kill();
    const device = (await command(["readlink", slotDevice(slotId)])).trim();
    await command(["losetup", "--detach", device]);
    // Somebody else's file takes the number that ours had.
    const stranger = join(keeper.dataDir, "stranger");
    writeFileSync(stranger, Buffer.alloc(1024 * 1024));
    await command(["losetup", device, stranger]);
    await keeper.start();
    expect((await command(["readlink", slotDevice(slotId)])).trim()).not.toBe(device);
    await lab.manager.engine.docker.getVolume(slotResourceName(slotId)).remove();
    expect((await runOn(slotId, "cat /data/state/file")).output).toContain("before");
    await command(["losetup", "--detach", device]);
  });

  test("is attached by the unit that runs before Docker, and only when it says whose it is and is whole", async () => {
    const [slotId, foreign, arriving] = [await makeVolume(), await makeVolume(), await makeVolume()];
    await keeper.kill();
    const folder = (slot: string) => join(keeper.dataDir, "volumes", slot);
    for (const slot of [slotId, foreign, arriving])
      await command(["losetup", "--detach", (await command(["readlink", slotDevice(slot)])).trim()]);
    writeFileSync(join(folder(foreign), "volume.ext4"), readFileSync(join(folder(slotId), "volume.ext4")));
    writeFileSync(join(folder(arriving), "arriving"), "");
    const devices = join(keeper.dataDir, "devices");
    const script = fileURLToPath(new URL("../../../infra/attach-volumes.sh", import.meta.url));
    await command([script, join(keeper.dataDir, "volumes"), devices]);
    const attached = readdirSync(devices);
    expect(attached).toContain(slotId);
    expect(attached).not.toContain(foreign);
    expect(attached).not.toContain(arriving);
    const device = (await command(["readlink", join(devices, slotId)])).trim();
    await keeper.start();
    expect((await command(["readlink", slotDevice(slotId)])).trim(), "nodekeeper keeps it").toBe(device);
    for (const slot of [foreign, arriving]) await change("DELETE", `${slot}/volume`);
  });

  test("without its marker, or with another slot's, is not attached", async () => {
    const slotId = await makeVolume();
    const other = await makeVolume();
    await keeper.kill();
    const file = join(keeper.dataDir, "volumes", slotId, "volume.ext4");
    await command(["losetup", "--detach", (await command(["readlink", slotDevice(slotId)])).trim()]);
    writeFileSync(file, readFileSync(join(keeper.dataDir, "volumes", other, "volume.ext4")));
    await keeper.start();
    expect(await change("POST", `${slotId}/volume/attach`)).toMatchObject({
      status: 409,
      body: { error: { code: "slot_data_missing" } },
    });
    const health = (await keeper.call({ path: "/v1/health" })).json();
    expect(health).toMatchObject({ isHealthy: false, unattached: [slotId] });
    await change("DELETE", `${slotId}/volume`);
    expect((await keeper.call({ path: "/v1/health" })).json()).toMatchObject({ isHealthy: true, unattached: [] });
  });

  test("that was looked into a moment ago is looked into again when its device or its content is another", async () => {
    const [slotId, other] = [await makeVolume(), await makeVolume()];
    const device = (await command(["readlink", slotDevice(slotId)])).trim();
    expect(await change("POST", `${slotId}/volume/attach`)).toMatchObject({ status: 200 });
    expect((await command(["readlink", slotDevice(slotId)])).trim()).toBe(device);
    await command(["losetup", "--detach", device]);
    expect(await change("POST", `${slotId}/volume/attach`)).toMatchObject({ status: 200 });
    expect((await runOn(slotId, "cat /data/.automna-slot")).output).toContain(slotId);
    await lab.manager.engine.docker.getVolume(slotResourceName(slotId)).remove();
    const volumeOf = (slot: string) => join(keeper.dataDir, "volumes", slot, "volume.ext4");
    writeFileSync(volumeOf(slotId), readFileSync(volumeOf(other)));
    expect(await change("POST", `${slotId}/volume/attach`)).toMatchObject({
      status: 409,
      body: { error: { code: "slot_data_missing" } },
    });
  });

  test("grows with everything on it, and never shrinks", async () => {
    const slotId = await makeVolume(32);
    await runOn(slotId, "echo kept > /data/state/file");
    expect(await change("POST", `${slotId}/volume/grow`, { sizeMb: 96 })).toMatchObject({ status: 200 });
    await lab.manager.engine.docker.getVolume(slotResourceName(slotId)).remove();
    const { output } = await runOn(slotId, "cat /data/state/file; df -m /data | tail -1");
    expect(output).toContain("kept");
    expect((await look(slotId)).volume).toMatchObject({ sizeMb: 96 });
    expect(await change("POST", `${slotId}/volume/grow`, { sizeMb: 64 })).toMatchObject({
      status: 409,
      body: { error: { code: "volume_too_large" } },
    });
  });
});

describe("a snapshot", () => {
  test("brings the volume back as it was, and a second one of that name changes nothing", async () => {
    const slotId = await makeVolume();
    await runOn(slotId, "echo first > /data/state/file");
    expect(await change("PUT", `${slotId}/snapshots/before-upgrade`)).toMatchObject({ status: 200 });
    await runOn(slotId, "echo second > /data/state/file");
    expect(await change("PUT", `${slotId}/snapshots/before-upgrade`)).toMatchObject({ status: 200 });
    const listed = snapshotSchema.array().parse((await keeper.call({ path: `/v1/slots/${slotId}/snapshots` })).json());
    expect(listed).toMatchObject([{ name: "before-upgrade", sizeMb: 64 }]);
    expect(await change("POST", `${slotId}/snapshots/before-upgrade/restore`)).toMatchObject({ status: 200 });
    expect((await runOn(slotId, "cat /data/state/file")).output).toContain("first");
    expect(await change("DELETE", `${slotId}/snapshots/before-upgrade`)).toMatchObject({ status: 200 });
    expect(await change("POST", `${slotId}/snapshots/before-upgrade/restore`)).toMatchObject({
      status: 404,
      body: { error: { code: "snapshot_missing" } },
    });
  });

  test("is not taken, restored, copied, grown or deleted while the slot runs", async () => {
    const slotId = await makeVolume();
    await runOn(slotId, "true");
    await change("PUT", `${slotId}/snapshots/one`);
    const { docker } = lab.manager.engine;
    const container = await docker.createContainer({
      Image: testImages.tinyAgent.tag,
      Entrypoint: ["sleep", "600"],
      Labels: { [slotLabels.slot]: slotId, [slotLabels.installation]: LAB_INSTALLATION },
      HostConfig: {
        NetworkMode: "none",
        Init: true,
        Mounts: [{ Type: "volume", Source: slotResourceName(slotId), Target: "/data" }],
      },
    });
    await container.start();
    const refusals = [
      await change("PUT", `${slotId}/snapshots/two`),
      await change("POST", `${slotId}/snapshots/one/restore`),
      await change("POST", `${slotId}/volume/grow`, { sizeMb: 128 }),
      await change("DELETE", `${slotId}/volume`),
    ];
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ status: 409, body: { error: { code: "slot_running" } } });
    expect((await keeper.call({ path: `/v1/slots/${slotId}/content` })).status).not.toBe(200);
    expect(await look(slotId)).toMatchObject({
      volume: { isInUse: true },
      container: { kind: "running", isDozing: false },
    });
    expect(await change("POST", `${slotId}/stop`, { graceMs: 0 })).toMatchObject({
      status: 200,
      body: { wasKilled: true },
    });
    expect(await look(slotId)).toMatchObject({
      volume: { isInUse: false },
      container: { kind: "ended", exitCode: 137, wasOomKilled: false },
    });
    expect(await change("POST", `${slotId}/stop`, { graceMs: 0 })).toMatchObject({
      status: 200,
      body: { wasKilled: false },
    });
    expect(await change("DELETE", `${slotId}/volume`)).toMatchObject({ status: 200 });
    expect((await docker.listContainers({ all: true })).length).toBe(0);
  });
});

test("a caller with an older fencing number is refused, also after a restart, and changes nothing", async () => {
  const slotId = await makeVolume();
  expect(await change("POST", `${slotId}/volume/attach`, undefined, 7)).toMatchObject({ status: 200 });
  await keeper.kill();
  await keeper.start();
  expect(await change("DELETE", `${slotId}/volume`, undefined, 6)).toMatchObject({
    status: 409,
    body: { error: { code: "fencing_outdated" } },
  });
  expect((await look(slotId)).volume).not.toBeNull();
  expect(await change("DELETE", `${slotId}/volume`, undefined, 7)).toMatchObject({ status: 200 });
  expect(await change("PUT", `${slotId}/volume`, { sizeMb: 64 }, 6)).toMatchObject({ status: 409 });
});

test("a kill at any moment of a change leaves a volume that is whole, and a second call finishes it", async () => {
  const slotId = newSlotId();
  for (const delayMs of [5, 25, 60, 120]) {
    const made = change("PUT", `${slotId}/volume`, { sizeMb: 64 }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await keeper.kill();
    await made;
    await keeper.start();
    expect(await change("PUT", `${slotId}/volume`, { sizeMb: 64 })).toMatchObject({ status: 200 });
    const file = join(keeper.dataDir, "volumes", slotId, "volume.ext4");
    await command(["e2fsck", "-f", "-n", file]);
    expect((await look(slotId)).volume).toMatchObject({ sizeMb: 64, device: slotDevice(slotId) });
    const snapshot = change("PUT", `${slotId}/snapshots/s${delayMs}`).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await keeper.kill();
    await snapshot;
    await keeper.start();
    expect(await change("PUT", `${slotId}/snapshots/s${delayMs}`)).toMatchObject({ status: 200 });
    expect(await change("POST", `${slotId}/snapshots/s${delayMs}/restore`)).toMatchObject({ status: 200 });
    expect(await change("DELETE", `${slotId}/volume`)).toMatchObject({ status: 200 });
  }
});
