import { unreachable } from "../../shared/unreachable.ts";
import { assertAdvance } from "../agent-phase.ts";
import type { AgentStep } from "../agent-steps.ts";
import type { ObservedSlot } from "../observed-slot.ts";
import { planAgent, planFailure } from "../plan-agent.ts";
import type { ImageTrial, KeptSlot, NextSlot, PlanInput, PlannedAgent, PlannedSlot } from "../plan-input.ts";
import { failureOutcome } from "../retry-policy.ts";
import { KEEP_OLD_COPY_MS } from "../sleep-policy.ts";

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
export class World {
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

  private readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

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
        throw new Error("nobody counts on this node");
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
export const acts: ReadonlySet<string> = new Set([
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

export const never = () => 1;
export const readyWorld = () => {
  const world = new World(never);
  world.settle();
  world.look();
  if (world.agent.phase !== "ready" || world.written === 0) throw new Error(`no agent came up: ${world.agent.phase}`);
  return world;
};
export const wish = (world: World, over: Partial<PlannedAgent>) => (world.agent = { ...world.agent, ...over });
