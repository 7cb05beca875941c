import { describe, expect, test } from "vitest";
import type { WakeChoice } from "../placements/choose-wake.ts";
import { planAgent, planFailure } from "./plan-agent.ts";
import type { PlanInput, PlannedAgent } from "./plan-input.ts";

const inputWith = (wake: WakeChoice | null, over: Partial<PlannedAgent> = {}): PlanInput => ({
  agent: {
    desired: "running",
    stoppedFor: null,
    generation: 1,
    phase: "asleep",
    phaseSinceMs: 0,
    stage: "ready",
    attempts: 0,
    retryAtMs: null,
    rest: "awake",
    memoryMb: 2_560,
    reason: "resting",
    isMoveWished: false,
    wishedImage: null,
    isSafeMode: false,
    ...over,
  },
  slot: { slotId: "slt_1", startedGeneration: 1, claimHash: "h1", memoryMb: 2_560, image: "image-1", trial: null },
  observed: { kind: "stopped", lastExit: "clean", endedAtMs: 0 },
  next: null,
  kept: [],
  wake,
  now: 1_000,
});

describe("an agent that is to get up", () => {
  test("has its place before anything of it starts", () => {
    const choice = { kind: "room" } as const;
    expect(planAgent(inputWith(choice))).toEqual([{ step: "seekRoom", choice }]);
    expect(planAgent(inputWith(null))).toMatchObject([
      { step: "setPhase", to: "starting" },
      { step: "setStage" },
      { step: "startSlot" },
    ]);
  });

  test("is not woken from its doze before it has its place", () => {
    const dozing = { ...inputWith({ kind: "wait", untilMs: 2_000 }, { phase: "dozing" }) };
    const steps = planAgent({ ...dozing, observed: { kind: "dozing", startedAtMs: 0 } });
    expect(steps.map(({ step }) => step)).toEqual(["seekRoom", "wait"]);
  });

  test("says once that it waits", () => {
    const choice = { kind: "wait", untilMs: 2_000 } as const;
    expect(planAgent(inputWith(choice))).toEqual([
      { step: "seekRoom", choice },
      { step: "wait", untilMs: 2_000 },
    ]);
    expect(planAgent(inputWith(choice, { reason: "waiting_for_room" }))).toEqual([{ step: "wait", untilMs: 2_000 }]);
  });

  test("moves where it was wished elsewhere, and says why it does", () => {
    const moving = { isMoveWished: true, reason: "moving_for_room" } as const;
    const input = inputWith(null, moving);
    const next = { ...input.slot, slotId: "slt_2", startedGeneration: null, isFilled: false } as never;
    const arrived = { ...(next as object), observed: { kind: "stopped", lastExit: "clean", endedAtMs: null } } as never;
    expect(planAgent(input)).toEqual([{ step: "reserveNextSlot", generation: 1 }]);
    expect(planAgent({ ...input, next: arrived })).toEqual([
      { step: "setPhase", to: "moving", reason: "moving_for_room" },
    ]);
  });

  test("asks again when somebody was faster, and that is nobody's failure", () => {
    const input = inputWith({ kind: "room" });
    expect(planFailure(input, "seekRoom", "no_room")).toMatchObject({ step: "wait" });
  });
});
