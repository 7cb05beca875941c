import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeSlotSchema, slotLabels } from "@automna/contract/nodekeeper";
import { idFrom } from "@automna/core/shared/ids";
import { loadImage } from "@automna/testkit/docker/image-builder";
import { buildTestImage, testImages } from "@automna/testkit/docker/images";
import {
  LAB_INSTALLATION,
  makeCellCertificates,
  startNodekeeper,
  type LabNodekeeper,
} from "@automna/testkit/docker/lab-nodekeeper";
import { startSwarmLab, type SwarmLab } from "@automna/testkit/docker/swarm-lab";
import { withSwap } from "@automna/testkit/docker/with-swap";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LabContainer } from "../testing/agent-attempts.ts";

let lab: SwarmLab;
let keeper: LabNodekeeper;
let slotId: string;
let container: LabContainer;
beforeAll(async () => {
  lab = await startSwarmLab({ size: 1 });
  keeper = await startNodekeeper({ lab, node: lab.manager, certificates: await makeCellCertificates() });
  await loadImage(lab.manager.engine.docker, await buildTestImage("tinyAgent"));
});
afterAll(async () => {
  await lab.remove();
  await keeper.remove();
});

const MEMORY_MB = 160;
const LIMIT_BYTES = 1024 * 1024 * 1024;
/** A process that is busy, holds memory that nothing can be guessed of, and counts. */
const PROGRAM = `
const held = require("crypto").randomBytes(${MEMORY_MB} * 1024 * 1024);
let count = 0;
setInterval(() => { for (let i = 0; i < 2e6; i += 1) count += i % 3; }, 20);
require("http").createServer((_, response) => response.end(String(held[held.length - 1]) + " " + count)).listen(18789);
`;

beforeEach(async () => {
  slotId = idFrom("slt", randomBytes(20));
  container = await lab.manager.engine.docker.createContainer({
    Image: testImages.tinyAgent.tag,
    Entrypoint: ["node", "-e", PROGRAM],
    ExposedPorts: { "18789/tcp": {} },
    Labels: { [slotLabels.slot]: slotId, [slotLabels.installation]: LAB_INSTALLATION },
    HostConfig: {
      Init: true,
      Memory: LIMIT_BYTES,
      MemorySwap: -1,
      PortBindings: { "18789/tcp": [{ HostPort: "18789" }] },
    },
  });
  await container.start();
  await expect.poll(answered).not.toBeNull();
});
afterEach(() => container.remove({ force: true }));

const answered = () =>
  fetch(`http://${keeper.host}:18789/`, { signal: AbortSignal.timeout(1_000) }).then(
    (answer) => answer.text(),
    () => null,
  );
const change = async (what: "doze" | "wake" | "stop", body?: unknown) => {
  const answer = await keeper.call({ method: "POST", path: `/v1/slots/${slotId}/${what}`, fencing: 1, body });
  return { status: answer.status, body: answer.json() };
};
const observe = async () => {
  const { container } = nodeSlotSchema.parse((await keeper.call({ path: `/v1/slots/${slotId}` })).json());
  if (container?.kind !== "running") throw new Error(`not running: ${JSON.stringify(container)}`);
  return container;
};

describe("a dozing slot", () => {
  test("takes no processor time, gives its memory to swap, and goes on where it was", async () => {
    await withSwap({ megabytes: 512 }, async () => {
      const before = await observe();
      expect(before).toMatchObject({ isDozing: false });
      expect(before.memoryMb).toBeGreaterThan(MEMORY_MB);
      expect(await change("doze")).toMatchObject({ status: 200 });
      const dozing = await observe();
      await sleep(1_000);
      await expect.poll(async () => (await observe()).memoryMb).toBeLessThan(40);
      const later = await observe();
      expect(later).toMatchObject({ isDozing: true });
      expect((later.cpuMs ?? 0) - (dozing.cpuMs ?? 0)).toBeLessThanOrEqual(10);
      expect(later.swapMb).toBeGreaterThan(MEMORY_MB * 0.8);
      expect(await answered()).toBeNull();
      // Twice is the same as once.
      expect(await change("doze")).toMatchObject({ status: 200 });
      expect(await change("wake")).toMatchObject({ status: 200 });
      await expect.poll(answered).toMatch(/^\d+ \d+$/);
      expect(await change("wake")).toMatchObject({ status: 200 });
      expect(await observe()).toMatchObject({ isDozing: false });
    });
  });

  test("that nobody gave any swap still takes no processor time, and keeps what it holds", async () => {
    expect(await change("doze")).toMatchObject({ status: 200 });
    const dozing = await observe();
    await sleep(500);
    expect(((await observe()).cpuMs ?? 0) - (dozing.cpuMs ?? 0)).toBeLessThanOrEqual(10);
    await change("wake");
    await expect.poll(answered).not.toBeNull();
  });

  test("is stopped in time: by the engine as any other, and by a confirmed stop", async () => {
    await change("doze");
    const startedAt = performance.now();
    await container.stop({ t: 10 });
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    await container.start();
    await change("doze");
    expect(await change("stop", { graceMs: 300 })).toMatchObject({ status: 200, body: { wasKilled: true } });
    expect(await change("doze")).toMatchObject({ status: 409, body: { error: { code: "slot_not_running" } } });
    expect(await change("wake")).toMatchObject({ status: 409, body: { error: { code: "slot_not_running" } } });
  });

  test("dozes on while nodekeeper is killed and started", async () => {
    await change("doze");
    await keeper.kill();
    await keeper.start();
    expect(await observe()).toMatchObject({ isDozing: true });
    await change("wake");
    await expect.poll(answered).not.toBeNull();
  });
});

test("a slot that wants more memory than it may have is killed, and the node says why", async () => {
  await container.remove({ force: true });
  container = await lab.manager.engine.docker.createContainer({
    Image: testImages.tinyAgent.tag,
    Entrypoint: ["node", "-e", "const held = []; for (;;) held.push(Buffer.alloc(8 * 1024 * 1024, 1));"],
    Labels: { [slotLabels.slot]: slotId, [slotLabels.installation]: LAB_INSTALLATION },
    HostConfig: { Memory: 96 * 1024 * 1024, MemorySwap: 96 * 1024 * 1024 },
  });
  await container.start();
  await container.wait();
  const { container: seen } = nodeSlotSchema.parse((await keeper.call({ path: `/v1/slots/${slotId}` })).json());
  expect(seen).toMatchObject({ kind: "ended", exitCode: 137, wasOomKilled: true });
});

test("another installation's containers are none of its business", async () => {
  const stranger = await lab.manager.engine.docker.createContainer({
    Image: testImages.tinyAgent.tag,
    Entrypoint: ["sleep", "600"],
    Labels: { [slotLabels.slot]: idFrom("slt", randomBytes(20)), [slotLabels.installation]: "another" },
  });
  await stranger.start();
  const listed = nodeSlotSchema.array().parse((await keeper.call({ path: "/v1/slots" })).json());
  expect(listed.map((each) => each.slotId)).toEqual([slotId]);
  await stranger.remove({ force: true });
});
