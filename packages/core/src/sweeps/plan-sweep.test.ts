import { describe, expect, test } from "vitest";
import { dryRunOutcome, planSweep, type SweepInput, type SweptSlot } from "./plan-sweep.ts";

const slot = (slotId: string, over: Partial<SweptSlot> = {}): SweptSlot => ({
  slotId,
  nodeId: "node-1",
  isReleased: false,
  agentId: `agt of ${slotId}`,
  isWarm: false,
  isExpected: true,
  ...over,
});
const sweep = (over: Partial<SweepInput>) =>
  planSweep({ seen: [], recorded: [], since: new Map(), graceMs: 60, now: 1_000, ...over });
const inShort = ({ findings }: ReturnType<typeof sweep>) =>
  findings.map(({ kind, slotId, action }) => `${kind} ${slotId}: ${action}`);

const all: Partial<SweepInput> = {
  seen: ["kept", "warm", "released", "unowned", "stranger"],
  recorded: [
    slot("kept"),
    slot("released", { isReleased: true }),
    slot("unowned", { agentId: null }),
    slot("missing"),
    slot("not yet made", { isExpected: false }),
    slot("warm", { agentId: null, isWarm: true, isExpected: false }),
    slot("long gone", { isReleased: true, agentId: null }),
  ],
};

describe("a sweep", () => {
  test("finds what nobody owns and what somebody misses, and waits before it believes either", () => {
    expect(inShort(sweep(all))).toEqual([
      "foreign stranger: leave",
      "released released: wait",
      "unowned unowned: wait",
      "missing missing: wait",
    ]);
  });

  test("acts once the grace period is over, but never on what another database may own", () => {
    const { since } = sweep(all);
    expect(inShort(sweep({ ...all, since, now: 1_059 })).join()).not.toMatch(/remove|report/);
    expect(inShort(sweep({ ...all, since, now: 1_060 }))).toEqual([
      "foreign stranger: leave",
      "released released: remove",
      "unowned unowned: remove",
      "missing missing: report",
    ]);
  });

  test("names the agent of what is missing", () => {
    expect(sweep(all).findings.at(-1)).toMatchObject({ nodeId: "node-1", agentId: "agt of missing" });
  });

  test("begins to count anew when something was in order in between", () => {
    const first = sweep(all);
    const between = sweep({ seen: ["missing"], recorded: [slot("missing")], since: first.since, now: 1_050 });
    expect(between.findings).toEqual([]);
    expect(inShort(sweep({ ...all, since: between.since, now: 1_100 }))).toContain("missing missing: wait");
  });

  test("takes the grace of one finding from no other of the same slot", () => {
    const missing = sweep({ recorded: [slot("a")] });
    const unowned = sweep({ recorded: [slot("a", { agentId: null })], since: missing.since, now: 2_000 });
    expect(inShort(unowned)).toEqual(["unowned a: wait"]);
  });

  test("touches nothing in a dry run", () => {
    const { since } = sweep(all);
    expect(sweep({ ...all, since, now: 2_000 }).findings.map(dryRunOutcome)).toEqual([
      "left_alone",
      "would_remove",
      "would_remove",
      "reported",
    ]);
  });
});

test("whatever is found, nothing that has an owner or is not ours is removed, and nothing before its time", () => {
  // A small generator of our own: the same worlds in each run.
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let world = 0; world < 500; world += 1) {
    let since: ReadonlyMap<string, number> = new Map();
    const orphanSince = new Map<string, number>();
    for (let now = 0; now < 200; now += 20) {
      const ids = ["a", "b", "c", "d"];
      const seen = ids.filter(() => random(2) === 0);
      const recorded = ids
        .filter(() => random(4) > 0)
        .map((id) =>
          slot(id, {
            isReleased: random(3) === 0,
            agentId: random(2) === 0 ? null : "agt",
            isWarm: random(5) === 0,
            isExpected: random(2) === 0,
          }),
        );
      const plan = planSweep({ seen, recorded, since, graceMs: 60, now });
      since = plan.since;
      for (const id of ids) {
        const record = recorded.find(({ slotId }) => slotId === id);
        const isOrphan =
          record !== undefined && (record.isReleased ? seen.includes(id) : record.agentId === null && !record.isWarm);
        const kind = `${id} ${String(record?.isReleased)}`;
        for (const key of orphanSince.keys())
          if (key.startsWith(`${id} `) && (!isOrphan || key !== kind)) orphanSince.delete(key);
        if (isOrphan && !orphanSince.has(kind)) orphanSince.set(kind, now);
        const isRemoved = plan.findings.some(({ slotId, action }) => slotId === id && action === "remove");
        expect(isRemoved).toBe(isOrphan && now - (orphanSince.get(kind) ?? now) >= 60);
      }
    }
  }
});
