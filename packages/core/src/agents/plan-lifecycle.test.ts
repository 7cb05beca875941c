import { describe, expect, test } from "vitest";
import { unreachable } from "../shared/unreachable.ts";
import { agentPhases, assertAdvance, phaseDeadlineMs } from "./agent-phase.ts";
import type { AgentStep } from "./agent-steps.ts";
import type { ObservedSlot } from "./observed-slot.ts";
import { planAgent, planFailure, planUnobserved } from "./plan-agent.ts";
import type { ImageTrial, KeptSlot, NextSlot, PlanInput, PlannedAgent, PlannedSlot } from "./plan-input.ts";
import { KEEP_OLD_COPY_MS } from "./sleep-policy.ts";
import { failureOutcome } from "./retry-policy.ts";

type Gateway = "unclaimed" | "starting" | "ready" | "failing";
interface RealSlot {
  /** What was written last: data that is older is lost data. */
  data: number;
  snapshots: Map<string, number>;
  run: { startedAtMs: number; isDozing: boolean; claimHash: string | null; gateway: Gateway; image: string } | null;
  endedAtMs: number | null;
  lastExit: "clean" | "crashed";
}
interface SlotRow {
  slotId: string;
  startedGeneration: number | null;
  memoryMb: number;
  image: string;
  filledFrom: string | null;
  trial: (ImageTrial & { fromImage: string }) | null;
}

class Crash extends Error {}

/** Records and a world of slots that obey, fail and are killed at random. Every rule that must never break is checked here. */
class World {
  agent: PlannedAgent = {
    desired: "running",
    stoppedFor: null,
    generation: 1,
    phase: "requested",
    phaseSinceMs: 0,
    stage: "queued",
    attempts: 0,
    retryAtMs: null,
    rest: "awake",
    memoryMb: 2_560,
    reason: null,
    isMoveWished: false,
    wishedImage: null,
    isSafeMode: false,
  };
  rows = new Map<string, SlotRow>();
  slotId: string | null = null;
  nextId: string | null = null;
  kept: KeptSlot[] = [];
  real = new Map<string, RealSlot>();
  /** Data that the customer has seen written. */
  written = 0;
  now = 1_000;
  made = 0;
  did = new Set<string>();
  /** How likely a step is cut short before or after its effect, and does not work. */
  crashes = 0;
  failures = 0;
  badImages = new Set<string>();

  constructor(private readonly random: () => number) {}

  input(): PlanInput {
    const toSlot = (row: SlotRow): PlannedSlot => ({ ...row, claimHash: "h1" });
    const slot = this.slotId === null ? undefined : this.rows.get(this.slotId);
    const nextRow = this.nextId === null ? undefined : this.rows.get(this.nextId);
    const next: NextSlot | null =
      nextRow === undefined
        ? null
        : {
            ...toSlot(nextRow),
            isFilled: nextRow.filledFrom === this.slotId,
            observed: this.observe(nextRow.slotId),
          };
    return {
      agent: this.agent,
      slot: slot === undefined ? null : toSlot(slot),
      observed: slot === undefined ? { kind: "absent" } : this.observe(slot.slotId),
      next,
      kept: this.kept,
      wake: null,
      now: this.now,
    };
  }

  observe(slotId: string): ObservedSlot {
    const slot = this.real.get(slotId);
    if (slot === undefined) return { kind: "absent" };
    const { run } = slot;
    if (run === null) return { kind: "stopped", lastExit: slot.lastExit, endedAtMs: slot.endedAtMs };
    if (run.isDozing) return { kind: "dozing", startedAtMs: run.startedAtMs };
    const { claimHash, gateway } = run;
    const agentId = claimHash === null ? null : "agt_1";
    return {
      kind: "running",
      startedAtMs: run.startedAtMs,
      agentd: { kind: "answering", agentId, claimHash, gateway },
    };
  }

  /** One look: plans and executes until it waits, is settled, or dies. */
  look(): "settled" | "wait" | "died" {
    for (let round = 0; round < 80; round += 1) {
      const input = this.input();
      const steps = planAgent(input);
      if (steps.length === 0) return "settled";
      for (const step of steps) {
        if (step.step === "wait") {
          this.wait(step.untilMs);
          return "wait";
        }
        try {
          if (this.random() < this.crashes) throw new Crash();
          if (this.random() < this.failures && acts.has(step.step)) throw new Error("it did not work");
          this.execute(step);
          this.did.add(step.step);
          this.check();
          if (this.random() < this.crashes) throw new Crash();
        } catch (error) {
          if (error instanceof Crash) return "died";
          if (!(error instanceof Error) || error.message !== "it did not work") throw error;
          const answer = planFailure(input, step.step, "step_failed");
          if (answer.step === "wait") {
            this.wait(answer.untilMs);
            return "wait";
          }
          this.execute(answer);
          this.did.add(answer.step);
          break;
        }
      }
    }
    throw new Error(`turns in circles in phase ${this.agent.phase}`);
  }

  settle(): void {
    for (let i = 0; i < 400; i += 1) {
      const outcome = this.look();
      if (outcome === "settled" || (outcome === "wait" && this.agent.phase === "ready" && this.isTidy())) return;
    }
    throw new Error(`never settles: ${JSON.stringify({ ...this.agent, next: this.nextId })}`);
  }

  /** Nothing left to do but to look again. */
  isTidy(): boolean {
    return !this.agent.isMoveWished && this.nextId === null && this.rows.get(this.slotId ?? "")?.trial === null;
  }

  private wait(untilMs: number): void {
    this.now = Math.max(this.now + 1, untilMs);
    for (const { run } of this.real.values()) {
      if (run?.gateway === "starting" && !run.isDozing)
        run.gateway = this.badImages.has(run.image) ? "failing" : "ready";
    }
    // The customer works with an agent that is ready, and is never to lose what it wrote.
    const run = this.slotId === null ? null : this.real.get(this.slotId)?.run;
    if (this.agent.phase === "ready" && run?.gateway === "ready") {
      this.written += 1;
      this.slot(this.slotId ?? "").data = this.written;
    }
  }

  private slot(slotId: string): RealSlot {
    const slot = this.real.get(slotId);
    if (slot === undefined) throw new Error(`nothing of ${slotId} is there`);
    return slot;
  }

  private idle(slotId: string): RealSlot {
    const slot = this.slot(slotId);
    if (slot.run !== null) throw new Error(`${slotId} runs`);
    return slot;
  }

  private row(slotId: string): SlotRow {
    const row = this.rows.get(slotId);
    if (row === undefined) throw new Error(`no record of ${slotId}`);
    return row;
  }

  private end(slotId: string, lastExit: RealSlot["lastExit"]): void {
    const slot = this.slot(slotId);
    if (slot.run !== null) Object.assign(slot, { run: null, lastExit, endedAtMs: this.now });
  }

  crashAgent(): void {
    if (this.slotId !== null && this.real.has(this.slotId)) this.end(this.slotId, "crashed");
  }

  private check(): void {
    const up = [...this.real.entries()].filter(([, { run }]) => run !== null).map(([slotId]) => slotId);
    if (up.length > 1) throw new Error(`two slots run: ${up.join(", ")}`);
    if (this.agent.phase === "ready" && this.slotId !== null && this.real.has(this.slotId)) {
      const { data } = this.slot(this.slotId);
      if (data < this.written) throw new Error(`data is lost: ${data} of ${this.written}`);
    }
  }

  private reserve(image: string): string {
    const slotId = `slt_${(this.made += 1)}`;
    const { memoryMb } = this.agent;
    this.rows.set(slotId, { slotId, startedGeneration: null, memoryMb, image, filledFrom: null, trial: null });
    return slotId;
  }

  private execute(step: AgentStep): void {
    switch (step.step) {
      case "setPhase":
        return this.move(step.to);
      case "setStage":
        this.agent = { ...this.agent, stage: step.stage };
        return;
      case "reserveSlot":
        this.slotId ??= this.reserve("image-1");
        return;
      case "reserveNextSlot":
        this.nextId ??= this.reserve(this.row(this.slotId ?? "").image);
        return;
      case "createSlot":
        if (!this.real.has(step.slotId))
          this.real.set(step.slotId, { data: 0, snapshots: new Map(), run: null, endedAtMs: null, lastExit: "clean" });
        return;
      case "startSlot": {
        const row = this.row(step.slotId);
        row.startedGeneration = step.generation;
        this.idle(step.slotId).run = {
          startedAtMs: this.now,
          isDozing: false,
          claimHash: null,
          gateway: "unclaimed",
          image: row.image,
        };
        return;
      }
      case "claimSlot": {
        const { run } = this.slot(step.slotId);
        if (run === null) throw new Error(`${step.slotId} does not run`);
        Object.assign(run, { claimHash: "h1", gateway: "starting" });
        return;
      }
      case "stopSlot":
        return this.end(step.slotId, "clean");
      case "dozeSlot":
      case "wakeSlot": {
        const { run } = this.slot(step.slotId);
        if (run === null) throw new Error(`${step.slotId} does not run`);
        run.isDozing = step.step === "dozeSlot";
        return;
      }
      case "resizeSlot":
        this.idle(step.slotId);
        this.row(step.slotId).memoryMb = step.memoryMb;
        return;
      case "copyVolume":
        this.idle(step.to).data = this.idle(step.from).data;
        this.row(step.to).filledFrom = step.from;
        return;
      case "flipMove":
        if (this.slotId !== step.from || this.nextId !== step.to) throw new Error("the flip is not between its slots");
        this.slotId = step.to;
        this.nextId = null;
        this.kept = [...this.kept, { slotId: step.from, untilMs: this.now + KEEP_OLD_COPY_MS }];
        this.agent = { ...this.agent, isMoveWished: false };
        return;
      case "abandonMove":
        if (this.nextId !== null) this.row(this.nextId).filledFrom = null;
        this.agent = { ...this.agent, isMoveWished: false };
        return;
      case "dropSlot":
      case "releaseSlot":
        if (step.step === "dropSlot" && step.slotId === this.slotId) throw new Error("its present slot is dropped");
        this.real.delete(step.slotId);
        this.rows.delete(step.slotId);
        if (this.slotId === step.slotId) this.slotId = null;
        if (this.nextId === step.slotId) this.nextId = null;
        this.kept = this.kept.filter(({ slotId }) => slotId !== step.slotId);
        return;
      case "deleteSlot":
        this.real.delete(step.slotId);
        return;
      case "snapshotSlot": {
        const { snapshots, data } = this.idle(step.slotId);
        if (!snapshots.has(step.snapshot)) snapshots.set(step.snapshot, data);
        const row = this.row(step.slotId);
        if (row.trial !== null) throw new Error("a trial began within another");
        row.trial = { stage: "trying", snapshot: step.snapshot, sinceMs: this.now, fromImage: row.image };
        row.image = step.image;
        return;
      }
      case "endUpgrade": {
        const { trial } = this.row(step.slotId);
        if (trial !== null) trial.stage = "done";
        this.agent = { ...this.agent, wishedImage: null };
        return;
      }
      case "failUpgrade": {
        const { trial } = this.row(step.slotId);
        if (trial?.stage === "trying") trial.stage = "restoring";
        this.agent = { ...this.agent, wishedImage: null };
        return;
      }
      case "restoreSlot": {
        const slot = this.idle(step.slotId);
        const kept = slot.snapshots.get(step.snapshot);
        if (kept === undefined) throw new Error(`no snapshot ${step.snapshot}`);
        slot.data = kept;
        const row = this.row(step.slotId);
        if (row.trial !== null) row.image = row.trial.fromImage;
        if (row.trial !== null) row.trial.stage = "done";
        return;
      }
      case "dropSnapshot":
        this.slot(step.slotId).snapshots.delete(step.snapshot);
        this.row(step.slotId).trial = null;
        return;
      case "recordFailure": {
        const outcome = failureOutcome(this.agent.attempts, this.now, step.reason);
        this.move("failing");
        if (outcome.phase === "failed") this.move("failed");
        const { attempts, retryAtMs, startsSafe } = outcome;
        this.agent = { ...this.agent, attempts, retryAtMs, isSafeMode: this.agent.isSafeMode || startsSafe };
        return;
      }
      case "forgetFailures":
        this.agent = { ...this.agent, attempts: 0 };
        return;
      case "seekRoom":
        return expect.unreachable("nobody counts on this node");
      case "wait":
        return;
      default:
        unreachable(step);
    }
  }

  private move(to: PlannedAgent["phase"]): void {
    assertAdvance(this.agent.phase, to);
    this.agent = { ...this.agent, phase: to, phaseSinceMs: this.now };
  }
}

/** Steps that act on the world and so may not work. */
const acts: ReadonlySet<string> = new Set([
  "reserveSlot",
  "reserveNextSlot",
  "createSlot",
  "startSlot",
  "claimSlot",
  "stopSlot",
  "dozeSlot",
  "wakeSlot",
  "resizeSlot",
  "copyVolume",
  "snapshotSlot",
  "dropSnapshot",
  "dropSlot",
]);

const never = () => 1;
const readyWorld = () => {
  const world = new World(never);
  world.settle();
  expect(world.agent.phase).toBe("ready");
  world.look();
  expect(world.written).toBeGreaterThan(0);
  return world;
};
const wish = (world: World, over: Partial<PlannedAgent>) => (world.agent = { ...world.agent, ...over });

describe("rest", () => {
  test("an idle agent dozes out of the proxy's sight, and is back without a start", () => {
    const world = readyWorld();
    wish(world, { rest: "doze" });
    world.settle();
    expect([world.agent.phase, world.observe("slt_1").kind]).toEqual(["dozing", "dozing"]);
    world.did.clear();
    wish(world, { rest: "awake" });
    world.settle();
    expect(world.agent.phase).toBe("ready");
    expect([...world.did].toSorted()).toEqual(["setPhase", "wakeSlot"]);
  });

  test("one that sleeps is stopped, and starts on its own volume when it is needed", () => {
    const world = readyWorld();
    wish(world, { rest: "sleep" });
    world.settle();
    expect([world.agent.phase, world.observe("slt_1").kind]).toEqual(["asleep", "stopped"]);
    wish(world, { rest: "awake" });
    world.settle();
    expect([world.agent.phase, world.slotId]).toEqual(["ready", "slt_1"]);
  });

  test("a dozing agent goes to sleep, stops and is deleted without being woken first", () => {
    for (const change of [{ rest: "sleep" }, { desired: "stopped" }, { desired: "deleted" }] as const) {
      const world = readyWorld();
      wish(world, { rest: "doze" });
      world.settle();
      world.did.clear();
      wish(world, change);
      world.settle();
      expect(world.did.has("wakeSlot")).toBe(false);
    }
  });
});

test("another memory limit comes with the next start, and only then", () => {
  const world = readyWorld();
  wish(world, { memoryMb: 4_096 });
  world.look();
  expect(world.did.has("resizeSlot")).toBe(false);
  wish(world, { generation: 2 });
  world.settle();
  expect(world.rows.get("slt_1")).toMatchObject({ memoryMb: 4_096, startedGeneration: 2 });
});

describe("a move", () => {
  test("takes the agent with its data, and keeps the old copy until its time is over", () => {
    const world = readyWorld();
    const { written } = world;
    wish(world, { isMoveWished: true });
    world.settle();
    expect([world.agent.phase, world.slotId]).toEqual(["ready", "slt_2"]);
    expect(world.real.get("slt_2")?.data).toBe(world.written);
    expect(world.real.get("slt_1")?.data).toBe(written);
    world.now += KEEP_OLD_COPY_MS;
    world.look();
    world.look();
    expect([...world.real.keys()]).toEqual(["slt_2"]);
  });

  test("of an agent that is stopped, or dozes, ends as it was", () => {
    for (const before of [{ desired: "stopped" }, { rest: "doze" }, { rest: "sleep" }] as const) {
      const world = readyWorld();
      wish(world, before);
      world.settle();
      const { phase } = world.agent;
      wish(world, { isMoveWished: true });
      world.settle();
      expect([world.agent.phase, world.slotId]).toEqual([phase, "slt_2"]);
    }
  });

  test("that goes wrong at any step ends where it began, with the data", () => {
    for (const broken of [
      "reserveNextSlot",
      "createSlot",
      "stopSlot",
      "copyVolume",
      "startSlot",
      "claimSlot",
    ] as const) {
      const world = readyWorld();
      wish(world, { isMoveWished: true });
      const execute = world["execute"].bind(world);
      let isBroken = true;
      world["execute"] = (step) => {
        const isNew = step.step === broken && (!("slotId" in step) || step.slotId !== "slt_1" || broken === "stopSlot");
        if (isBroken && isNew) {
          isBroken = false;
          throw new Error("it did not work");
        }
        execute(step);
      };
      world.settle();
      expect([world.agent.phase, world.slotId, world.agent.attempts], broken).toEqual(["ready", "slt_1", 0]);
      world.look();
      world.look();
      expect([...world.real.keys()], broken).toEqual(["slt_1"]);
    }
  });

  test("to a place where it can't start goes back", () => {
    const world = readyWorld();
    world.badImages.add("image-1");
    wish(world, { isMoveWished: true });
    for (let i = 0; i < 6; i += 1) world.look();
    world.badImages.clear();
    world.settle();
    expect([world.agent.phase, world.slotId, world.agent.isMoveWished]).toEqual(["ready", "slt_1", false]);
  });
});

describe("an upgrade", () => {
  test("that works leaves the new image and nothing else", () => {
    const world = readyWorld();
    wish(world, { wishedImage: "image-2" });
    world.settle();
    world.look();
    expect(world.agent.phase).toBe("ready");
    expect(world.rows.get("slt_1")).toMatchObject({ image: "image-2", trial: null });
    expect(world.real.get("slt_1")?.snapshots.size).toBe(0);
  });

  test("that does not brings back image and data, and is not tried again by itself", () => {
    const world = readyWorld();
    const { written } = world;
    world.badImages.add("image-2");
    wish(world, { wishedImage: "image-2" });
    world.settle();
    expect([world.agent.phase, world.agent.wishedImage]).toEqual(["ready", null]);
    expect(world.rows.get("slt_1")).toMatchObject({ image: "image-1" });
    expect(world.real.get("slt_1")?.data).toBeGreaterThanOrEqual(written);
  });

  test("of an agent that is stopped in the middle of it sends the unproven image back first", () => {
    const world = readyWorld();
    wish(world, { wishedImage: "image-2" });
    while (!world.did.has("snapshotSlot")) world.look();
    wish(world, { desired: "stopped" });
    world.settle();
    expect(world.agent.phase).toBe("asleep");
    expect(world.rows.get("slt_1")?.image).toBe("image-1");
  });
});

test("every phase on the way has a deadline, after which one that can't be looked at counts as failed", () => {
  const resting = ["ready", "dozing", "asleep", "failing", "failed", "deleting", "deleted"];
  for (const phase of agentPhases) {
    const deadlineMs = phaseDeadlineMs[phase];
    expect(deadlineMs === null, phase).toBe(resting.includes(phase));
    if (deadlineMs === null) continue;
    const agent = { ...new World(never).agent, phase };
    expect(planUnobserved({ agent, now: deadlineMs + 1 })).toEqual([{ step: "recordFailure", reason: "step_failed" }]);
  }
});

describe("random lives", () => {
  const changes: ((world: World, random: () => number) => void)[] = [
    (world) => wish(world, { desired: "stopped", attempts: 0, retryAtMs: null }),
    (world) => wish(world, { desired: "running", rest: "awake", attempts: 0, retryAtMs: null }),
    (world) => wish(world, { generation: world.agent.generation + 1, attempts: 0, retryAtMs: null }),
    (world) => wish(world, { rest: "doze" }),
    (world) => wish(world, { rest: "sleep" }),
    (world) => wish(world, { rest: "awake" }),
    (world) => wish(world, { isMoveWished: world.slotId !== null }),
    (world, random) => wish(world, { wishedImage: `image-${1 + Math.floor(random() * 3)}` }),
    (world, random) => wish(world, { memoryMb: random() < 0.5 ? 2_560 : 4_096 }),
    (world) => world.crashAgent(),
    (world) => (world.now += KEEP_OLD_COPY_MS),
  ];

  test("with crashes and failures anywhere always come to rest, never twice, never with less than was written", () => {
    const did = new Set<string>();
    for (let seed = 1; seed <= 1_500; seed += 1) {
      const random = makeRandom(seed);
      const world = new World(random);
      world.badImages.add("image-3");
      Object.assign(world, { crashes: 0.06, failures: 0.06 });
      for (let round = 0; round < 60; round += 1) {
        world.look();
        if (random() < 0.35) changes[Math.floor(random() * changes.length)]?.(world, random);
      }
      Object.assign(world, { crashes: 0, failures: 0 });
      wish(world, { desired: "running", rest: "awake", attempts: 0, retryAtMs: null });
      world.settle();
      expect(world.agent.phase, `seed ${seed}`).toBe("ready");
      world.now += KEEP_OLD_COPY_MS;
      for (let i = 0; i < 6; i += 1) world.look();
      expect([...world.real.keys()], `seed ${seed}`).toEqual([world.slotId]);
      Object.assign(world, { crashes: 0.06, failures: 0.06 });
      wish(world, { desired: "deleted" });
      for (let round = 0; round < 10; round += 1) world.look();
      Object.assign(world, { crashes: 0, failures: 0 });
      world.settle();
      expect([world.agent.phase, world.real.size, world.rows.size], `seed ${seed}`).toEqual(["deleted", 0, 0]);
      for (const step of world.did) did.add(step);
    }
    // Not a lucky run: everything that a planner can ask for was asked for.
    expect([...did].toSorted()).toEqual(expect.arrayContaining([...acts, "flipMove", "abandonMove", "failUpgrade"]));
  });

  function makeRandom(seed: number): () => number {
    // mulberry32
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  }
});
