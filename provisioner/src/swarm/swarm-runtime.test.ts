import { makeSilentLog } from "@automna/service-kit/log";
import { describe, expect, test } from "vitest";
import { makeCellPictures } from "./cell-pictures.ts";
import { changedSlots, statesOf } from "./change-watch.ts";
import { makeEndSightings } from "./end-sightings.ts";
import type { EngineNode, EngineService, EngineTask } from "./engine-shapes.ts";
import { noSlotKeeper } from "./slot-keeper.ts";
import type { SwarmEngine } from "./swarm-engine.ts";
import { toListedNode } from "./swarm-nodes.ts";
import { startSwarmRuntime } from "./swarm-runtime.ts";

const settings = { installId: "i", network: "n", egressUrls: [], dns: [], logLevel: "info" };
const { signal } = new AbortController();

/** A Swarm with so many slots that run, which counts what it is asked. */
function countingCell(slots: number, nodes: number) {
  const calls: string[] = [];
  const services = Array.from({ length: slots }, (_, index): EngineService => {
    const nodeId = `n${index % nodes}`;
    const labels = { "automna.install": "i", "automna.slot": `slt_${index}` };
    return { id: `s${index}`, version: 1, updatedAtMs: 1, name: `x${index}`, labels, run: 1, nodeId, replicas: 1 };
  });
  const tasks = services.map(({ id, nodeId }): EngineTask => {
    const since = { createdAtMs: 2, stateSinceMs: 3, isLeaving: false };
    return { id: `t-${id}`, serviceId: id, nodeId, run: 1, state: "running", error: "", exitCode: null, ...since };
  });
  const listedNodes = Array.from({ length: nodes }, (_, index): EngineNode => {
    const rest = { hostname: `h${index}`, memoryBytes: 1, isReady: true, address: "10.0.0.1", managerAddress: null };
    return { id: `n${index}`, labels: { "automna.role": "agents" }, ...rest };
  });
  const count =
    <Answer>(name: string, answer: Answer) =>
    async () => {
      calls.push(name);
      return answer;
    };
  const engine = {
    listServices: count("services", services),
    listTasks: count("tasks", tasks),
    listNodes: count("nodes", listedNodes),
    watch: async (_onEvent: () => void, until: AbortSignal) =>
      new Promise<void>((resolve) => until.addEventListener("abort", () => resolve())),
  } as unknown as SwarmEngine;
  const listSlots = async (nodeId: string) => {
    calls.push(`keeper ${nodeId}`);
    return [];
  };
  return { engine, keeper: { ...noSlotKeeper, listSlots }, calls };
}

describe("looking", () => {
  test("at 300 idle agents asks the engine as often as at one, and each node once", async () => {
    const { engine, keeper, calls } = countingCell(300, 5);
    const runtime = startSwarmRuntime({ engine, keeper, settings, clock: Date.now, log: makeSilentLog() });
    const notBefore = performance.now() - 1_000;
    const looks = Array.from({ length: 300 }, (_, index) => runtime.observe(`slt_${index}`, signal, { notBefore }));
    const seen = await Promise.all(looks);
    expect(seen.every(({ kind }) => kind === "running")).toBe(true);
    expect(calls.toSorted()).toEqual([
      ...Array.from({ length: 5 }, (_, n) => `keeper n${n}`),
      "nodes",
      "services",
      "tasks",
    ]);
    await runtime.close();
  });

  test("never shares what was seen before the moment that was asked for, nor of a slot before a change of our own", async () => {
    const { engine, keeper, calls } = countingCell(1, 1);
    let now = 100;
    const pictures = makeCellPictures(engine, keeper, () => now);
    const pictured = () => calls.filter((call) => call === "services").length;
    await pictures.since(0, signal);
    await pictures.since(100, signal);
    expect(pictured()).toBe(1);
    now = 150;
    await pictures.since(140, signal);
    expect(pictured()).toBe(2);
    now = 160;
    pictures.forget("slt_0");
    now = 170;
    await pictures.since(0, signal, "slt_1");
    expect(pictured()).toBe(2);
    await pictures.since(0, signal, "slt_0");
    expect(pictured()).toBe(3);
  });

  test("that failed is not what the next one sees, and one that nobody waits for any more ends its caller alone", async () => {
    const { engine, keeper } = countingCell(1, 1);
    let isAway = true;
    const listServices: SwarmEngine["listServices"] = async (asked) => {
      if (isAway) throw new Error("away");
      return engine.listServices(asked);
    };
    const pictures = makeCellPictures({ ...engine, listServices }, keeper, () => 1);
    await expect(pictures.since(0, signal)).rejects.toThrow("away");
    isAway = false;
    const gone = new AbortController();
    const [left, stayed] = [pictures.since(0, gone.signal), pictures.since(0, signal)];
    gone.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    expect((await stayed).services.size).toBe(1);
  });

  test("leaves the manager alone for a while after a picture that took long", async () => {
    const { engine, keeper, calls } = countingCell(1, 1);
    let now = 0;
    const pictures = makeCellPictures(engine, keeper, () => now);
    const first = pictures.since(0, signal);
    now = 150;
    await first;
    const second = pictures.since(150, signal);
    await Promise.resolve();
    expect(calls).toHaveLength(3);
    await Promise.all([second, pictures.since(150, signal)]);
    expect(calls).toHaveLength(6);
  });
});

test("an end is told by our own clock, and by the engine's when it was before we looked", () => {
  let now = 1_000;
  const sightings = makeEndSightings(() => now);
  expect(sightings.seenEnded("a", "run 1", 40)).toBe(40);
  sightings.seenRunning("b");
  expect(sightings.seenEnded("b", "run 1", 40)).toBe(1_000);
  now = 2_000;
  expect(sightings.seenEnded("b", "run 1", 40)).toBe(1_000);
  expect(sightings.seenEnded("b", "run 2", 50)).toBe(2_000);
});

test("slots that came, went or became another are changed, the others not, nor who was sent on his way", () => {
  const before = new Map([
    ["a", "1"],
    ["b", "1"],
    ["c", "1"],
    ["e", "1"],
  ]);
  const now = new Map([
    ["a", "1"],
    ["b", "2"],
    ["d", "1"],
    ["e", "pending"],
  ]);
  expect(changedSlots(before, now).toSorted()).toEqual(["b", "c", "d"]);
});

test("a task on its way is no news at each of its states, one that runs or has ended is", async () => {
  const { engine } = countingCell(1, 1);
  const [service] = await engine.listServices(signal);
  const [task] = await engine.listTasks(signal);
  if (service === undefined || task === undefined) throw new Error("the cell is empty");
  const wordAt = (change: Partial<EngineTask>, readyNodes = ["n0"]) =>
    statesOf({
      services: new Map([["slt_0", service]]),
      tasks: new Map([[service.id, [{ ...task, ...change }]]]),
      nodes: new Map(),
      readyNodes: new Set(readyNodes),
      containersOf: async () => new Map(),
    }).get("slt_0");
  const onItsWay = (["new", "assigned", "preparing", "starting"] as const).map((state) => wordAt({ state }));
  expect(new Set(onItsWay).size).toBe(1);
  const words = [
    onItsWay[0],
    wordAt({ state: "running" }),
    wordAt({ state: "failed", exitCode: 1 }),
    wordAt({ state: "failed", exitCode: 137 }),
    wordAt({ state: "running" }, []),
  ];
  expect(new Set(words).size).toBe(words.length);
});

test("a start has the node stop nothing while Swarm runs the slot", async () => {
  const { engine: counting } = countingCell(1, 1);
  const [service] = await counting.listServices(signal);
  const [task] = await counting.listTasks(signal);
  const asked: string[] = [];
  const engine = {
    ...counting,
    findService: async () => ({ ...service, spec: {} }),
    findSecret: async () => ({ id: "secret", labels: service?.labels ?? {} }),
    listTasksOf: async () => [task],
  } as unknown as SwarmEngine;
  const keeper = {
    ...noSlotKeeper,
    confirmStop: async () => void asked.push("confirmStop"),
    attach: async () => void asked.push("attach"),
  };
  const runtime = startSwarmRuntime({ engine, keeper, settings, clock: Date.now, log: makeSilentLog() });
  const place = { slotId: "slt_0", nodeId: "n0", host: "h", port: 1 };
  const limits = { memoryMb: 512, cpus: 1, pids: 100, volumeMb: 32 };
  const spec = { ...place, ...limits, keyGeneration: 1, rootKey: new Uint8Array(32), image: "i" };
  await expect(runtime.start(spec, { signal, fencing: 1n })).rejects.toMatchObject({ code: "slot_running" });
  expect(asked).toEqual([]);
  await runtime.close();
});

describe("a node of the Swarm", () => {
  const terms = { ports: { first: 20_000, last: 20_999 }, keeperPort: 7_443, systemMb: 1_024 };
  const node: EngineNode = {
    id: "abc",
    labels: {},
    hostname: "node2",
    memoryBytes: 8_589_934_592,
    isReady: true,
    address: "10.0.0.12",
    managerAddress: null,
  };

  test("offers slots what the system leaves, at its private address", () => {
    expect(toListedNode(node, terms)).toEqual({
      id: "abc",
      name: "node2",
      address: "10.0.0.12",
      keeperUrl: "https://10.0.0.12:7443",
      ports: terms.ports,
      memoryMb: 7_168,
      awakeLimit: null,
      ownerId: null,
      isThere: true,
    });
  });

  test("is what its labels say more of it", () => {
    const labels = { "automna.address": "10.9.0.1", "automna.owner": "user_1", "automna.awake-limit": "12" };
    expect(toListedNode({ ...node, labels }, terms)).toMatchObject({
      address: "10.9.0.1",
      keeperUrl: "https://10.9.0.1:7443",
      ownerId: "user_1",
      awakeLimit: 12,
    });
    const manager = { ...node, address: "0.0.0.0", managerAddress: "10.0.0.11:2377" };
    expect(toListedNode(manager, terms).address).toBe("10.0.0.11");
  });
});
