import { describe, expect, test } from "vitest";
import { hasFailedTooOften, planWave, type WaveStep } from "./plan-wave.ts";
import { batchSize, stateAfter, waveAbilities, type Wave, type WaveMember, type WaveSettings } from "./wave.ts";

const settings: WaveSettings = {
  canaries: 1,
  soakMs: 1_000,
  growth: 3,
  maxBatch: 5,
  maxFailureShare: 0.25,
  takesBack: "unwell",
};
const well = { phase: "ready", isOnTarget: true, isUnderWay: false } as const;
const former = { phase: "ready", isOnTarget: false, isUnderWay: false } as const;
const broken = { phase: "failed", isOnTarget: true, isUnderWay: false } as const;
const member = (agentId: string, over: Partial<WaveMember> = {}): WaveMember => ({
  agentId,
  state: "waiting",
  batch: null,
  deferredUntilMs: null,
  agent: former,
  ...over,
});
const wave = (members: readonly WaveMember[], over: Partial<Wave> = {}): Wave => ({
  state: "running",
  settings,
  members,
  acceptedBatches: 0,
  settledAtMs: null,
  ...over,
});
const begun = (steps: readonly WaveStep[]) => steps.flatMap((step) => (step.step === "begin" ? [step.agentId] : []));
const upgraded = { state: "upgraded", batch: 0, agent: well } as const;

describe("a wave", () => {
  test("begins with the canaries alone, and lets them soak", () => {
    const others = ["b", "c", "d"].map((id) => member(id));
    expect(planWave(wave([member("a"), ...others]), 0)).toEqual([{ step: "begin", agentId: "a", batch: 0 }]);
    const soaking = wave([member("a", upgraded), ...others], { settledAtMs: 500 });
    expect(planWave(soaking, 1_499)).toEqual([{ step: "wait", untilMs: 1_500 }]);
    expect(begun(planWave(soaking, 1_500))).toEqual(["b", "c", "d"]);
  });

  test("waits for a batch before the next, and grows to its bound", () => {
    const busy = { state: "upgrading", batch: 0, agent: { ...former, isUnderWay: true } } as const;
    expect(planWave(wave([member("a", busy), member("b")]), 9_999)).toEqual([{ step: "wait", untilMs: null }]);
    expect([0, 1, 2, 9].map((number) => batchSize(settings, number))).toEqual([1, 3, 5, 5]);
  });

  test("halts when a canary fails, and takes it back if its own step did not", () => {
    const failing = wave([member("a", { state: "upgrading", batch: 0, agent: broken }), member("b")]);
    expect(planWave(failing, 0)).toEqual([{ step: "settle", agentId: "a", to: "failed" }]);
    const failed = wave([member("a", { state: "failed", batch: 0, agent: broken }), member("b")]);
    expect(planWave(failed, 9_999)).toEqual([{ step: "setState", to: "halted", why: "too_many_failed" }]);
    expect(planWave({ ...failed, state: "halted" }, 9_999)).toEqual([{ step: "revert", agentId: "a" }]);
    const own = member("a", { state: "failed", batch: 0, agent: former });
    expect(planWave(wave([own], { state: "halted" }), 0)).toEqual([{ step: "settle", agentId: "a", to: "reverted" }]);
  });

  test("notices a canary that falls ill after it was well", () => {
    const ill = member("a", { ...upgraded, agent: { ...well, phase: "failing" } });
    expect(planWave(wave([ill, member("b")], { settledAtMs: 0 }), 10)).toEqual([
      { step: "settle", agentId: "a", to: "failed" },
    ]);
  });

  test("takes everybody back where that was chosen, a bounded number at once", () => {
    const all = { ...settings, maxBatch: 2, takesBack: "all" } as const;
    const members = [
      member("a", { state: "failed", batch: 0, agent: broken }),
      member("b", upgraded),
      member("c", upgraded),
      member("d"),
    ];
    expect(planWave(wave(members, { settings: all }), 0)).toEqual([
      { step: "setState", to: "rolling_back", why: "too_many_failed" },
    ]);
    const rolling = wave(members, { settings: all, state: "rolling_back" });
    expect(planWave(rolling, 0)).toEqual([
      { step: "revert", agentId: "a" },
      { step: "revert", agentId: "b" },
    ]);
    const reverted = members.map((one) => ({ ...one, state: "reverted", agent: former }) as const);
    expect(planWave({ ...rolling, members: reverted }, 0)).toEqual([
      { step: "setState", to: "rolled_back", why: "all_taken_back" },
    ]);
  });

  test("passes over who wants it later, and comes back for them", () => {
    const later = member("a", { deferredUntilMs: 5_000 });
    expect(begun(planWave(wave([later, member("b")]), 0))).toEqual(["b"]);
    const rest = wave([later, member("b", upgraded)], { settledAtMs: 0 });
    expect(planWave(rest, 2_000)).toEqual([{ step: "wait", untilMs: 5_000 }]);
    expect(begun(planWave(rest, 5_000))).toEqual(["a"]);
  });

  test("leaves an agent that is not well alone, and waits for it", () => {
    const ill = member("a", { agent: { ...former, phase: "failed" } });
    expect(begun(planWave(wave([ill, member("b")]), 0))).toEqual(["b"]);
    const rest = wave([ill, member("b", upgraded)], { settledAtMs: 0 });
    expect(planWave(rest, 9_999)).toEqual([{ step: "wait", untilMs: null }]);
  });

  test("says that an agent is stuck which is parked on the new image, whatever was wished for it", () => {
    const parked = member("a", { state: "reverting", batch: 0, agent: { ...broken, isUnderWay: true } });
    expect(planWave(wave([parked], { state: "rolling_back" }), 0)).toEqual([
      { step: "settle", agentId: "a", to: "stuck" },
    ]);
  });

  test("goes on after a halt when an operator has seen what failed, and counts anew from there", () => {
    const failed = member("a", { state: "reverted", batch: 0 });
    const accepted = wave([failed, member("b")], { acceptedBatches: 1, settledAtMs: 0 });
    expect(hasFailedTooOften(accepted)).toBe(false);
    expect(begun(planWave(accepted, 2_000))).toEqual(["b"]);
  });

  test("counts an agent that is gone as neither done nor failed", () => {
    const gone = { phase: "deleted", isOnTarget: false, isUnderWay: true } as const;
    const deleted = member("a", { state: "upgrading", batch: 0, agent: gone });
    expect(planWave(wave([deleted]), 0)).toEqual([{ step: "settle", agentId: "a", to: "gone" }]);
    const ended = wave([{ ...deleted, state: "gone" }], { settledAtMs: 0 });
    expect(planWave(ended, 9_999)).toEqual([{ step: "setState", to: "done", why: "all_done" }]);
  });

  test("says what may be done with it", () => {
    expect(waveAbilities("draft")).toEqual(["start"]);
    expect(waveAbilities("running")).toEqual(["pause", "halt", "roll_back"]);
    expect(waveAbilities("rolled_back")).toEqual([]);
    expect(stateAfter("pause", "paused")).toBe("paused");
    expect(stateAfter("pause", "done")).toBeNull();
  });
});

/** Agents and records in memory; a crash may cut short what a turn does, between any two steps. */
function play(seed: number, failureChance: number) {
  let state = (seed * 7_919 + 1) % 2_147_483_647;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const chosen: WaveSettings = {
    canaries: 1 + Math.floor(random() * 3),
    soakMs: Math.floor(random() * 50),
    growth: 1 + random() * 2,
    maxBatch: 1 + Math.floor(random() * 6),
    maxFailureShare: random() * 0.5,
    takesBack: random() < 0.5 ? "all" : "unwell",
  };
  const members = Array.from({ length: 25 }, (_, index) =>
    member(`agent ${index}`, random() < 0.2 ? { deferredUntilMs: Math.floor(random() * 200) } : {}),
  );
  let current = wave(members, { settings: chosen });
  let now = 0;
  const change = (agentId: string, over: Partial<WaveMember>) => {
    current = { ...current, members: current.members.map((m) => (m.agentId === agentId ? { ...m, ...over } : m)) };
  };
  const isActive = ({ state: of }: WaveMember) => of === "upgrading" || of === "reverting";
  const obey = (step: WaveStep) => {
    const found = "agentId" in step ? current.members.find(({ agentId }) => agentId === step.agentId) : undefined;
    if (step.step === "settle") {
      change(step.agentId, { state: step.to });
      current = { ...current, settledAtMs: now };
    } else if (step.step === "begin") {
      expect(current.state).toBe("running");
      expect(hasFailedTooOften(current)).toBe(false);
      expect(found?.deferredUntilMs ?? 0).toBeLessThanOrEqual(now);
      change(step.agentId, { state: "upgrading", batch: step.batch, agent: { ...former, isUnderWay: true } });
    } else if (step.step === "revert") {
      change(step.agentId, { state: "reverting", agent: { ...well, isUnderWay: true } });
    } else if (step.step === "setState") current = { ...current, state: step.to };
    expect(current.members.filter(isActive).length).toBeLessThanOrEqual(chosen.maxBatch);
  };
  for (let turn = 0; turn < 800; turn += 1, now += 1) {
    for (const step of planWave(current, now)) {
      if (random() < 0.05) break; // killed here; the next turn plans anew from what is recorded
      obey(step);
    }
    for (const one of current.members.filter(isActive)) {
      if (random() < 0.7) continue;
      const outcomes = random() < failureChance ? [broken, former] : [well];
      const outcome = outcomes[Math.floor(random() * outcomes.length)] ?? well;
      if (one.agent.isUnderWay) change(one.agentId, { agent: one.state === "upgrading" ? outcome : former });
    }
  }
  return current;
}

test("however it goes: never more at once than a batch may have, nobody before their time, nobody after a halt is due", () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const end = play(seed, [0, 0.15, 0.6][seed % 3] ?? 0);
    ends.set(end.state, (ends.get(end.state) ?? 0) + 1);
    expect(["done", "halted", "rolled_back"], `seed ${seed}`).toContain(end.state);
    // At its end nobody is left with an image that made them unwell.
    expect(end.members.filter(({ agent }) => agent.phase === "failed" && agent.isOnTarget)).toEqual([]);
    if (seed % 3 === 0) expect(end.members.every(({ state }) => state === "upgraded")).toBe(true);
    if (end.state === "rolled_back") expect(end.members.some(({ agent }) => agent.isOnTarget)).toBe(false);
  }
  expect([...ends.keys()].toSorted()).toEqual(["done", "halted", "rolled_back"]);
});
