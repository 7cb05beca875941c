import { describe, expect, test } from "vitest";
import { agentPhases, phaseDeadlineMs } from "./agent-phase.ts";
import { planUnobserved } from "./plan-agent.ts";
import { KEEP_OLD_COPY_MS } from "./sleep-policy.ts";
import { never, readyWorld, wish, World } from "./testing/planned-world.ts";

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
