import type { WaveSettings } from "@automna/core/upgrades/wave";
import { testImages } from "@automna/testkit/docker/images";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeWorld, nodeOf, type World } from "../verify/steps/cell-world.ts";

// From an operator's wish to agents that run another image, through the real provisioner, nodekeepers and engines.

const former = testImages.tinyAgent.tag;
const [repository = ""] = former.split(":");
const next = `${repository}:next`;
/** Its gateway never comes up. */
const broken = `${repository}:broken`;
const READY = { timeout: 240_000, interval: 500 };

const undo: (() => unknown)[] = [];
let world: World;
let agentIds: string[];

beforeAll(async () => {
  const owner = {
    figure: () => undefined,
    onCleanup: (_: string, action: () => unknown) => void undo.push(action),
    must: (isTrue: boolean, sentence: string): asserts isTrue => {
      if (!isTrue) throw new Error(sentence);
    },
  };
  world = await makeWorld(owner, { agentNodes: 2 });
  for (const { engine } of world.cell.agentNodes) {
    await engine.docker.getImage(former).tag({ repo: repository, tag: "next" });
    const made = await engine.docker.createContainer({ Image: former });
    await made.commit({
      repo: repository,
      tag: "broken",
      changes: `ENV AGENTD_GATEWAY_COMMAND_JSON='["node","-e","process.exit(1)"]'`,
    });
    await made.remove();
  }
  agentIds = [await world.deploy(), await world.deploy(), await world.deploy()];
  for (const agentId of agentIds) await untilReady(agentId);
  for (const agentId of agentIds) await world.writeProof(agentId, `word of ${agentId}`);
});
afterAll(async () => {
  for (const action of undo.toReversed()) await action();
});

const untilReady = (agentId: string) =>
  vi.waitFor(async () => expect((await world.agent(agentId)).phase).toBe("ready"), READY);

/** Images and containers of all agents, and what they kept. */
async function look() {
  return Promise.all(
    agentIds.map(async (agentId) => {
      const [container, ...others] = await world.containers((await world.slot(agentId)).id);
      if (container === undefined || others.length > 0) throw new Error(`${agentId} does not run once`);
      const { docker } = nodeOf(world.cell, container.nodeId).engine;
      const { Config: config } = await docker.getContainer(container.id).inspect();
      return { container: container.id, image: config.Image, word: await world.readProof(agentId) };
    }),
  );
}
const words = () => agentIds.map((agentId) => `word of ${agentId}`);

async function runWave(image: string, over: Partial<WaveSettings>, end: string) {
  const settings = {
    canaries: 1,
    soakMs: 3_000,
    growth: 2,
    maxBatch: 2,
    maxFailureShare: 0,
    takesBack: "all",
    ...over,
  };
  await world.act({ type: "create_wave", image, settings: settings as WaveSettings });
  const { id: waveId } = await world.db.upgradeWave.findFirstOrThrow({
    where: { image },
    orderBy: { createdAt: "desc" },
  });
  await world.act({ type: "start_wave", waveId });
  const state = async () => (await world.db.upgradeWave.findUniqueOrThrow({ where: { id: waveId } })).state;
  await expect.poll(state, READY).toBe(end);
  return world.db.upgradeMember.findMany({ where: { waveId }, orderBy: { batch: "asc" } });
}

test("a wave takes a canary first, then the others, and each agent has what it had", async () => {
  const members = await runWave(next, {}, "done");
  expect(members.map(({ state, batch }) => [state, batch])).toEqual([
    ["upgraded", 0],
    ["upgraded", 1],
    ["upgraded", 1],
  ]);
  const after = await look();
  expect(after.map(({ image }) => image)).toEqual([next, next, next]);
  expect(after.map(({ word }) => word)).toEqual(words());
});

test("one whose canary fails halts by itself, and the canary is back with image and data; nobody else has noticed", async () => {
  const before = await look();
  const members = await runWave(broken, { takesBack: "unwell" }, "halted");
  const [canary, ...others] = members.toSorted((a, b) => Number(a.batch === null) - Number(b.batch === null));
  expect(canary?.batch).toBe(0);
  expect(others.map(({ state, batch }) => [state, batch])).toEqual([
    ["waiting", null],
    ["waiting", null],
  ]);
  for (const agentId of agentIds) await untilReady(agentId);
  const after = await look();
  expect(after.map(({ image }) => image)).toEqual([next, next, next]);
  expect(after.map(({ word }) => word)).toEqual(words());
  const touched = agentIds.filter((_, number) => after[number]?.container !== before[number]?.container);
  expect(touched).toEqual([canary?.agentId]);
});

test("an operator takes a whole wave back: everybody has the former image again", async () => {
  const wave = await world.db.upgradeWave.findFirstOrThrow({ where: { image: next } });
  const halted = await world.db.upgradeWave.findFirstOrThrow({ where: { image: broken } });
  await world.act({ type: "roll_back_wave", waveId: halted.id });
  const stateOf = async (id: string) => (await world.db.upgradeWave.findUniqueOrThrow({ where: { id } })).state;
  await expect.poll(() => stateOf(halted.id), READY).toBe("rolled_back");
  await world.act({ type: "roll_back_wave", waveId: wave.id });
  await expect.poll(() => stateOf(wave.id), READY).toBe("rolled_back");
  for (const agentId of agentIds) await untilReady(agentId);
  const after = await look();
  expect(after.map(({ image }) => image)).toEqual([former, former, former]);
  expect(after.map(({ word }) => word)).toEqual(words());
});
