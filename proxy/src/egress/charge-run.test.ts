import { runSteps, type MeteringRule } from "@automna/core/credits/meter-message";
import type { LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import { describe, expect, test } from "vitest";
import { makeRunCharger, type RunCharge } from "./charge-run.ts";

const plain = runSteps({ model: "claude-sonnet-5", hasExtendedThinking: false, isUtility: false }, "message");
const deep = runSteps({ model: "claude-opus-5", hasExtendedThinking: false, isUtility: false }, "message");

function start({ rule = "per-message", available = 100 }: { rule?: MeteringRule; available?: number } = {}) {
  const posted: string[] = [];
  const clock = { nowMs: 0 };
  let left = available;
  let calls = 0;
  const post = async (operation: LedgerOperation): Promise<OperationOutcome> => {
    const credits = "credits" in operation ? operation.credits : 0;
    if (operation.type === "hold" && credits > left)
      return { outcome: "refused", available: left, missing: credits - left };
    if (operation.type === "hold") left -= credits;
    posted.push(`${operation.type} ${operation.key.split(":").slice(2).join(":")} ${credits}`);
    return { outcome: "posted", isReplay: false, credits, available: left };
  };
  const charger = makeRunCharger({ post, rule, now: () => clock.nowMs });
  const begin = (steps = plain, runId = "r") =>
    charger.begin({ userId: "u", agentId: "a", runId, callId: `c${(calls += 1)}`, steps });
  return { posted, clock, charger, begin };
}
const settle = (charge: RunCharge, hasBegun = true, costMicroDollars = 0) =>
  charge.settle({ hasBegun, costMicroDollars, facts: {} });

describe("a run", () => {
  test("is held before, taken after its first answer, and its other calls are free", async () => {
    const { posted, begin, charger } = start();
    const first = await begin();
    expect([posted, charger.isPaid("a", "r")]).toEqual([["hold r:base 1"], false]);
    expect(await settle(first)).toBe(1);
    expect(charger.isPaid("a", "r")).toBe(true);
    expect(await settle(await begin())).toBe(0);
    expect(posted).toEqual(["hold r:base 1", "capture r:base 1"]);
  });

  test("costs the difference once when a call of the dear class comes later", async () => {
    const { begin } = start();
    const taken = [];
    for (const steps of [plain, deep, deep, plain]) taken.push(await settle(await begin(steps)));
    expect(taken).toEqual([1, 4, 0, 0]);
  });

  test("whose calls all fail gives back what it held, and is held anew by the next", async () => {
    const { posted, begin } = start();
    const beside = [await begin(), await begin()];
    for (const charge of beside) expect(await settle(charge, false)).toBe(0);
    await settle(await begin());
    expect(posted).toEqual(["hold r:base 1", "release r:base 0", "hold r:base 1", "capture r:base 1"]);
  });

  test("many calls at once share one hold; one answer is enough to take it", async () => {
    const { posted, begin } = start({ available: 1 });
    const charges = await Promise.all(Array.from({ length: 20 }, () => begin()));
    const taken = await Promise.all(charges.map((charge, index) => settle(charge, index % 2 === 1)));
    expect(taken.reduce((sum, credits) => sum + credits, 0)).toBe(1);
    expect(posted).toEqual(["hold r:base 1", "capture r:base 1"]);
  });

  test("is refused without credits, and what it held of its base comes back", async () => {
    const { posted, begin } = start({ available: 3 });
    await expect(begin(deep)).rejects.toMatchObject({ type: "credits_exhausted", status: 424 });
    expect(posted).toEqual(["hold r:base 1", "release r:base 0"]);
  });

  test("that goes on too long, or calls too often, is the next one", async () => {
    const { begin, clock } = start();
    const runs = new Set<string>();
    for (let count = 0; count < 201; count += 1) {
      const charge = await begin();
      runs.add(charge.runId);
      await settle(charge);
    }
    clock.nowMs = 3_600_000;
    runs.add((await begin()).runId);
    expect([...runs]).toEqual(["r", "r.2", "r.3"]);
  });

  test("with a cost floor costs at least what the provider took, over all its calls", async () => {
    const { begin } = start({ rule: "cost-floor" });
    const taken = [];
    for (const cost of [9_000, 9_000, 9_000]) taken.push(await settle(await begin(), true, cost));
    expect(taken).toEqual([1, 1, 1]);
    expect(await settle(await begin([], "free"), true, 90_000)).toBe(0);
  });
});
