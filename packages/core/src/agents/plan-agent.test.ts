import { describe, expect, test } from "vitest";
import { unreachable } from "../shared/unreachable.ts";
import { assertAdvance } from "./agent-phase.ts";
import type { AgentStep } from "./agent-steps.ts";
import type { ObservedSlot } from "./observed-slot.ts";
import { planAgent, planFailure, planUnobserved } from "./plan-agent.ts";
import type { PlanInput, PlannedAgent, PlannedSlot } from "./plan-input.ts";
import { failureOutcome, SAFE_MODE_AFTER } from "./retry-policy.ts";

const agentWith = (over: Partial<PlannedAgent> = {}): PlannedAgent => ({
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
  ...over,
});
const slotWith = (over: Partial<PlannedSlot> = {}): PlannedSlot => ({
  slotId: "slt_1",
  startedGeneration: 1,
  claimHash: "h1",
  memoryMb: 2_560,
  image: "image-1",
  trial: null,
  ...over,
});
/** The next steps where nothing is on its way to another place. */
const plan = (input: Pick<PlanInput, "agent" | "slot" | "observed" | "now"> & Partial<PlanInput>) =>
  planAgent({ next: null, kept: [], wake: null, ...input });
const running = (
  gateway: "unclaimed" | "starting" | "ready" | "failing",
  claimHash: string | null = "h1",
): ObservedSlot => ({
  kind: "running",
  startedAtMs: 0,
  agentd: { kind: "answering", agentId: claimHash === null ? null : "agt_1", claimHash, gateway },
});
const names = (steps: AgentStep[]) => steps.map((step) => step.step);

/** A small world that obeys steps, so that whole lives can be played through. */
class World {
  agent = agentWith();
  slot: PlannedSlot | null = null;
  observed: ObservedSlot = { kind: "absent" };
  now = 0;
  phases: string[] = [];

  play(rounds = 60): this {
    for (let i = 0; i < rounds; i += 1) {
      const steps = plan({ agent: this.agent, slot: this.slot, observed: this.observed, now: this.now });
      if (steps.length === 0) return this;
      for (const step of steps) this.execute(step);
    }
    return this;
  }

  private execute(step: AgentStep): void {
    switch (step.step) {
      case "setPhase":
        this.move(step.to);
        return;
      case "setStage":
        this.agent = { ...this.agent, stage: step.stage };
        return;
      case "reserveSlot":
        this.slot = slotWith({ startedGeneration: null });
        return;
      case "createSlot":
        this.observed = { kind: "stopped", lastExit: "clean", endedAtMs: null };
        return;
      case "startSlot":
        this.slot = slotWith({ startedGeneration: step.generation });
        this.observed = { ...running("unclaimed", null), startedAtMs: this.now } as ObservedSlot;
        return;
      case "claimSlot":
        this.observed = running("starting");
        return;
      case "stopSlot":
        this.observed = { kind: "stopped", lastExit: "clean", endedAtMs: null };
        return;
      case "deleteSlot":
        this.observed = { kind: "absent" };
        return;
      case "releaseSlot":
        this.slot = null;
        return;
      case "recordFailure": {
        const outcome = failureOutcome(this.agent.attempts, this.now);
        this.move("failing");
        if (outcome.phase === "failed") this.move("failed");
        this.agent = { ...this.agent, attempts: outcome.attempts, retryAtMs: outcome.retryAtMs };
        return;
      }
      case "forgetFailures":
        this.agent = { ...this.agent, attempts: 0 };
        return;
      case "wait":
        this.now = step.untilMs;
        if (this.observed.kind === "running" && this.agent.phase === "starting") this.observed = running("ready");
        return;
      case "reserveNextSlot":
      case "copyVolume":
      case "flipMove":
      case "abandonMove":
      case "dropSlot":
      case "dozeSlot":
      case "wakeSlot":
      case "resizeSlot":
      case "snapshotSlot":
      case "endUpgrade":
      case "failUpgrade":
      case "restoreSlot":
      case "dropSnapshot":
      case "seekRoom":
        throw new Error(`${step.step} has no place in this world (testing/planned-world.ts has one)`);
      default:
        unreachable(step);
    }
  }

  private move(to: PlannedAgent["phase"]): void {
    assertAdvance(this.agent.phase, to);
    this.phases.push(to);
    this.agent = { ...this.agent, phase: to, phaseSinceMs: this.now };
  }
}

describe("a whole life", () => {
  test("goes from requested to ready by the phases a person watches", () => {
    const world = new World().play();
    expect(world.phases).toEqual(["placing", "creating", "starting", "ready"]);
    expect(world.agent.stage).toBe("ready");
  });

  test("stops, starts again on the same slot and deletes leaving nothing", () => {
    const world = new World().play();
    world.agent = { ...world.agent, desired: "stopped" };
    world.play();
    expect(world.agent.phase).toBe("asleep");
    expect(world.observed.kind).toBe("stopped");
    world.agent = { ...world.agent, desired: "running" };
    world.play();
    expect(world.agent.phase).toBe("ready");
    world.agent = { ...world.agent, desired: "deleted" };
    world.play();
    expect(world.agent.phase).toBe("deleted");
    expect(world.observed.kind).toBe("absent");
    expect(world.slot).toBeNull();
  });

  test("a restart stops the old run before it starts the new one", () => {
    const world = new World().play();
    world.agent = { ...world.agent, generation: 2 };
    world.phases = [];
    world.play();
    expect(world.phases).toEqual(["starting", "ready"]);
    expect(world.slot?.startedGeneration).toBe(2);
  });

  test("delete works from every phase, whatever is there", () => {
    const phases = [
      "requested",
      "placing",
      "creating",
      "starting",
      "ready",
      "stopping",
      "asleep",
      "failing",
      "failed",
      "upgrading",
      "moving",
      "dozing",
    ] as const;
    for (const phase of phases) {
      for (const observed of [
        { kind: "absent" },
        { kind: "stopped", lastExit: "clean", endedAtMs: null },
        running("ready"),
      ] as const) {
        const world = new World();
        world.agent = agentWith({ phase, desired: "deleted", attempts: 6 });
        world.slot = slotWith();
        world.observed = observed;
        world.play();
        expect(world.agent.phase, `${phase} with ${observed.kind}`).toBe("deleted");
        expect(world.slot).toBeNull();
      }
    }
  });
});

describe("trouble", () => {
  test("a slot that dies under a ready agent is a failure with a retry, then it starts again", () => {
    const world = new World().play();
    world.observed = { kind: "stopped", lastExit: "killed", endedAtMs: world.now };
    world.phases = [];
    world.play();
    expect(world.phases).toEqual(["failing", "starting", "ready"]);
  });

  test("a slot that ran and is gone is never replaced by an empty one", () => {
    const steps = plan({
      agent: agentWith({ phase: "ready" }),
      slot: slotWith(),
      observed: { kind: "absent" },
      now: 5,
    });
    expect(steps).toEqual([{ step: "recordFailure", reason: "slot_lost" }]);
  });

  test("out of memory is named", () => {
    const observed: ObservedSlot = { kind: "stopped", lastExit: "out_of_memory", endedAtMs: 4 };
    const steps = plan({ agent: agentWith({ phase: "ready" }), slot: slotWith(), observed, now: 5 });
    expect(steps).toEqual([{ step: "recordFailure", reason: "out_of_memory" }]);
  });

  test("a failing agent waits for its retry time", () => {
    const agent = agentWith({ phase: "failing", retryAtMs: 900, attempts: 2 });
    const steps = plan({
      agent,
      slot: slotWith(),
      observed: { kind: "stopped", lastExit: "crashed", endedAtMs: 1 },
      now: 100,
    });
    expect(steps).toEqual([{ step: "wait", untilMs: 900 }]);
  });

  test("an agent that used up its attempts rests until a person acts", () => {
    const agent = agentWith({ phase: "failed", attempts: 6 });
    expect(
      plan({ agent, slot: slotWith(), observed: { kind: "stopped", lastExit: "crashed", endedAtMs: 1 }, now: 1 }),
    ).toEqual([]);
    expect(
      names(
        plan({
          agent: { ...agent, attempts: 0 },
          slot: slotWith(),
          observed: { kind: "stopped", lastExit: "crashed", endedAtMs: 1 },
          now: 1,
        }),
      ),
    ).toEqual(["setPhase", "setStage", "startSlot"]);
  });

  test("a gateway that never gets ready is stopped at the deadline, not watched for ever", () => {
    const agent = agentWith({ phase: "starting", stage: "warming", phaseSinceMs: 0 });
    const steps = plan({ agent, slot: slotWith(), observed: running("starting"), now: 5 * 60_000 });
    expect(names(steps)).toEqual(["stopSlot", "recordFailure"]);
  });

  test("one that was well and is first seen silent, then ended, has failed all the same", () => {
    const silent: ObservedSlot = { kind: "running", startedAtMs: 0, agentd: { kind: "silent" } };
    const [entering] = plan({ agent: agentWith({ phase: "ready" }), slot: slotWith(), observed: silent, now: 5_000 });
    expect(entering).toEqual({ step: "setPhase", to: "starting", reason: "agentd_silent" });
    const agent = agentWith({ phase: "starting", phaseSinceMs: 5_000, reason: "agentd_silent" });
    const ended: ObservedSlot = { kind: "stopped", lastExit: "crashed", endedAtMs: 4_900 };
    const told = plan({ agent, slot: slotWith(), observed: ended, now: 6_000 });
    expect(told).toEqual([{ step: "recordFailure", reason: "agentd_exited" }]);
    const asked = plan({ agent, slot: slotWith(), observed: { ...ended, lastExit: "clean" }, now: 6_000 });
    expect(names(asked)).toContain("startSlot");
  });

  test("a silent agentd gets a minute: so long it takes where many start at once", () => {
    const agent = agentWith({ phase: "starting", stage: "starting", phaseSinceMs: 1_000 });
    const observed: ObservedSlot = { kind: "running", startedAtMs: 1_000, agentd: { kind: "silent" } };
    expect(names(plan({ agent, slot: slotWith(), observed, now: 50_000 }))).toEqual(["wait"]);
    expect(names(plan({ agent, slot: slotWith(), observed, now: 62_000 }))).toEqual(["stopSlot", "recordFailure"]);
  });

  test("a claim that does not match the wish is renewed", () => {
    const steps = plan({
      agent: agentWith({ phase: "ready", stage: "ready" }),
      slot: slotWith({ claimHash: "h2" }),
      observed: running("ready"),
      now: 1,
    });
    expect(names(steps)).toContain("claimSlot");
  });

  test("a slot that was stopped on purpose under a ready agent is started again without counting as a failure", () => {
    const world = new World().play();
    world.observed = { kind: "stopped", lastExit: "clean", endedAtMs: world.now };
    world.phases = [];
    world.play();
    expect(world.phases).toEqual(["starting", "ready"]);
    expect(world.agent.attempts).toBe(0);
  });

  test("a start that was interrupted by a long pause of the whole machine is no failure either", () => {
    const agent = agentWith({ phase: "starting", stage: "warming", phaseSinceMs: 0 });
    const now = 24 * 3_600_000;
    const stopped: ObservedSlot = { kind: "stopped", lastExit: "clean", endedAtMs: 1_000 };
    expect(names(plan({ agent, slot: slotWith(), observed: stopped, now }))).toEqual(["setStage", "startSlot"]);
    const observed = { ...running("starting"), startedAtMs: now - 1_000 } as ObservedSlot;
    expect(names(plan({ agent, slot: slotWith(), observed, now }))).toEqual(["wait"]);
  });

  test("a process that ends during its own start is paused as a failure, not started in a tight loop", () => {
    const agent = agentWith({ phase: "starting", stage: "starting", phaseSinceMs: 1_000 });
    const observed: ObservedSlot = { kind: "stopped", lastExit: "crashed", endedAtMs: 1_500 };
    expect(plan({ agent, slot: slotWith(), observed, now: 1_600 })).toEqual([
      { step: "recordFailure", reason: "agentd_exited" },
    ]);
    const later = { ...agent, phaseSinceMs: 3_000 };
    expect(names(plan({ agent: later, slot: slotWith(), observed, now: 3_100 }))).toEqual(["startSlot"]);
  });

  test("an agent that can't be stopped is retried with pauses and parks at the end of its budget", () => {
    const stopped = { desired: "stopped", phase: "failing", retryAtMs: 900 } as const;
    expect(
      plan({
        agent: agentWith({ ...stopped, attempts: 2 }),
        slot: slotWith(),
        observed: running("ready"),
        now: 100,
      }),
    ).toEqual([{ step: "wait", untilMs: 900 }]);
    const parked = agentWith({ desired: "stopped", phase: "failed", attempts: 6 });
    expect(plan({ agent: parked, slot: slotWith(), observed: running("ready"), now: 100 })).toEqual([]);
  });

  test("an agent whose data is gone can be started by its owner and fails again with the same reason", () => {
    const world = new World().play();
    world.observed = { kind: "absent" };
    world.play();
    expect(world.agent.phase).toBe("failed");
    world.agent = { ...world.agent, attempts: 0, retryAtMs: null };
    world.play(1);
    expect(world.agent.phase).toBe("failing");
  });

  test("when one could not look, a ready agent is left alone and an overdue start is a failure", () => {
    expect(planUnobserved({ agent: agentWith({ phase: "ready" }), now: 9e9 })).toEqual([
      { step: "wait", untilMs: 9e9 + 5_000 },
    ]);
    expect(planUnobserved({ agent: agentWith({ phase: "starting" }), now: 9e9 })).toEqual([
      { step: "recordFailure", reason: "step_failed" },
    ]);
    expect(planUnobserved({ agent: agentWith({ phase: "failing", retryAtMs: 50 }), now: 10 })).toEqual([
      { step: "wait", untilMs: 50 },
    ]);
    expect(planUnobserved({ agent: agentWith({ phase: "deleting" }), now: 9e9 })).toEqual([
      { step: "wait", untilMs: 9e9 + 5_000 },
    ]);
  });

  test("no room is waited for without an end", () => {
    expect(failureOutcome(5, 0, "no_room").phase).toBe("failing");
    expect(failureOutcome(5, 0, "step_failed").phase).toBe("failed");
  });
});

describe("a slot whose node has not got to it", () => {
  const slot = slotWith();
  const pending: ObservedSlot = { kind: "pending", sinceMs: 1_000 };
  const pendingAt = (over: Partial<PlannedAgent>, now: number) =>
    plan({ agent: agentWith({ phase: "starting", stage: "starting", ...over }), slot, observed: pending, now });

  test("is waited for, and then stopped and told", () => {
    expect(names(pendingAt({}, 60_000))).toEqual(["wait"]);
    expect(pendingAt({}, 122_000)).toEqual([
      { step: "stopSlot", slotId: "slt_1" },
      { step: "recordFailure", reason: "slot_pending" },
    ]);
  });

  test("is stopped when nobody wants it any more, or wants another generation", () => {
    expect(names(pendingAt({ desired: "stopped", phase: "stopping" }, 2_000))).toEqual(["stopSlot"]);
    expect(names(pendingAt({ desired: "deleted", phase: "deleting" }, 2_000))).toEqual(["stopSlot"]);
    expect(names(pendingAt({ desired: "stopped", phase: "asleep" }, 2_000))).toEqual(["stopSlot"]);
    expect(names(pendingAt({ generation: 2 }, 2_000))).toEqual(["stopSlot"]);
  });

  test("that its node refused is a failure with that reason", () => {
    for (const [lastExit, reason] of [
      ["rejected", "slot_rejected"],
      ["image_missing", "image_missing"],
    ] as const) {
      const observed: ObservedSlot = { kind: "stopped", lastExit, endedAtMs: 5_000 };
      const agent = agentWith({ phase: "starting", stage: "starting", phaseSinceMs: 1_000 });
      expect(plan({ agent, slot, observed, now: 6_000 })).toEqual([{ step: "recordFailure", reason }]);
    }
  });
});

describe("a slot on a node that is cut off", () => {
  const slot = slotWith();
  const lost = (over: Partial<PlannedAgent>) =>
    plan({ agent: agentWith({ phase: "ready", ...over }), slot, observed: { kind: "lost" }, now: 1_000 });

  test("is told once and never started elsewhere", () => {
    expect(lost({})).toEqual([{ step: "recordFailure", reason: "node_lost" }]);
    expect(names(lost({ phase: "failing" }))).toEqual(["wait"]);
    expect(failureOutcome(20, 0, "node_lost").phase).toBe("failing");
  });

  test("is neither called stopped nor deleted before somebody has seen that", () => {
    expect(lost({ desired: "stopped", phase: "stopping" })).toEqual([{ step: "recordFailure", reason: "node_lost" }]);
    expect(names(lost({ desired: "deleted", phase: "deleting" }))).toEqual(["wait"]);
  });
});

describe("what a step that did not work means", () => {
  const after = (over: Partial<PlannedAgent>, step: AgentStep["step"], slot: PlannedSlot | null = slotWith()) =>
    planFailure({ agent: agentWith(over), slot, now: 1_000 }, step, "step_failed");

  test("a move is given up, a new image sent back, a delete and tidying up tried again", () => {
    expect(after({ phase: "ready", isMoveWished: true }, "reserveNextSlot").step).toBe("abandonMove");
    expect(after({ phase: "moving", isMoveWished: true }, "copyVolume").step).toBe("abandonMove");
    expect(after({ phase: "upgrading", wishedImage: "image-2" }, "snapshotSlot").step).toBe("failUpgrade");
    const trial = { stage: "trying", snapshot: "s", sinceMs: 0 } as const;
    expect(after({ phase: "upgrading" }, "startSlot", slotWith({ trial })).step).toBe("failUpgrade");
    // What brings the data back is not given up: it is tried again.
    const restoring = slotWith({ trial: { ...trial, stage: "restoring" } });
    expect(after({ phase: "upgrading" }, "restoreSlot", restoring).step).toBe("recordFailure");
    expect(after({ phase: "deleting" }, "deleteSlot").step).toBe("wait");
    expect(after({ phase: "ready" }, "dropSlot").step).toBe("wait");
    expect(after({ phase: "starting" }, "startSlot").step).toBe("recordFailure");
  });
});

describe("a crash loop", () => {
  test("starts without the owner's additions after some crashes, and says so when it parks", () => {
    expect(failureOutcome(SAFE_MODE_AFTER - 2, 0, "agentd_exited").startsSafe).toBe(false);
    expect(failureOutcome(SAFE_MODE_AFTER - 1, 0, "agentd_exited").startsSafe).toBe(true);
    expect(failureOutcome(SAFE_MODE_AFTER - 1, 0, "step_failed").startsSafe).toBe(false);
    expect(failureOutcome(5, 0, "gateway_failing")).toMatchObject({ phase: "failed", reason: "crash_loop" });
    expect(failureOutcome(5, 0, "slot_lost")).toMatchObject({ phase: "failed", reason: "slot_lost" });
  });

  test("an agent that answers without its additions says so", () => {
    const agent = agentWith({ phase: "starting", stage: "ready", isSafeMode: true });
    expect(plan({ agent, slot: slotWith(), observed: running("ready"), now: 1 })).toEqual([
      { step: "setPhase", to: "ready", reason: "safe_mode" },
    ]);
  });
});

test("a slot that has not answered for longer is looked at less often: looks cost what it needs to come up", () => {
  const silent: ObservedSlot = { kind: "running", startedAtMs: 0, agentd: { kind: "silent" } };
  const waitAt = (now: number) => {
    const agent = agentWith({ phase: "starting", stage: "starting", phaseSinceMs: 0 });
    const [step] = plan({ agent, slot: slotWith(), observed: silent, now });
    return step?.step === "wait" ? step.untilMs - now : null;
  };
  expect([100, 8_000, 12_000, 24_000].map(waitAt)).toEqual([2_000, 4_000, 6_000, 10_000]);
});
