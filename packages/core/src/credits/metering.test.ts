import { describe, expect, test } from "vitest";
import { finalRunPrice, messageClass, runPrice, stillToCharge, type ModelCall } from "./meter-message.ts";
import { chooseWarning, overdrawn, startedBlocks, usedPercent } from "./overage.ts";
import { monthlyPeriod } from "./period.ts";
import { chooseCredits, priceList } from "./prices.ts";

const call = (fields: Partial<ModelCall> = {}): ModelCall => ({
  model: "claude-sonnet-5",
  hasExtendedThinking: false,
  isUtility: false,
  ...fields,
});

describe("prices", () => {
  test("are those of the product's list", () => {
    expect(Object.values(priceList).map(({ credits }) => credits)).toEqual([1, 5, 2, 10, 1, 1]);
  });

  test("a started minute or 100 MB counts as one", () => {
    expect([chooseCredits("browser_minute", 2.1), chooseCredits("storage_100mb_month", 0)]).toEqual([6, 0]);
    expect(() => chooseCredits("email", -1)).toThrow(RangeError);
  });
});

describe("one message is one run", () => {
  test("Opus and extended thinking are the dear class, everything else the plain one", () => {
    expect(messageClass(call())).toBe("ai_message");
    expect(messageClass(call({ model: "claude-opus-4-8" }))).toBe("ai_message_deep");
    expect(messageClass(call({ hasExtendedThinking: true }))).toBe("ai_message_deep");
  });

  test("further calls of a run are free until a dearer class makes up the difference", () => {
    expect(stillToCharge(runPrice(call(), "credits"), 0)).toBe(1);
    expect(stillToCharge(runPrice(call(), "credits"), 1)).toBe(0);
    expect(stillToCharge(runPrice(call({ model: "claude-opus-4-8" }), "credits"), 1)).toBe(4);
    expect(stillToCharge(runPrice(call(), "credits"), 5)).toBe(0);
  });

  test("utility calls, and all calls on the customer's own key, are free", () => {
    expect(runPrice(call({ isUtility: true }), "credits")).toBe(0);
    expect(runPrice(call({ model: "claude-opus-4-8" }), "byok")).toBe(0);
  });

  test("the cost floor is a cent per credit, rounded up, and never on free runs", () => {
    const costly = { rule: "cost-floor", costMicroDollars: 71_000 } as const;
    expect(finalRunPrice(5, costly)).toBe(8);
    expect(finalRunPrice(5, { ...costly, costMicroDollars: 1 })).toBe(5);
    expect(finalRunPrice(5, { ...costly, rule: "per-message" })).toBe(5);
    expect(finalRunPrice(0, costly)).toBe(0);
  });
});

describe("overage", () => {
  test("a block begins with its first credit; held credits begin none, nor do those beyond the cap", () => {
    const blocks = (available: number, held = 0, cap: number | null = 2_000) =>
      startedBlocks(overdrawn({ available, held }), cap);
    expect([blocks(0), blocks(-1), blocks(-1_000), blocks(-1_001)]).toEqual([0, 1, 1, 2]);
    expect([blocks(-1, 1), blocks(-2_500), blocks(-5, 0, null)]).toEqual([0, 2, 0]);
  });

  test("warnings come at 80 % and at 100 %, and not to who never had credits", () => {
    const warning = (used: number, left: number) => chooseWarning({ used, left, hasHadCredits: true });
    expect([warning(79, 21), warning(80, 20), warning(999, 1), warning(5, 0), warning(5, -3)]).toEqual([
      null,
      80,
      80,
      100,
      100,
    ]);
    expect(chooseWarning({ used: 0, left: 0, hasHadCredits: false })).toBeNull();
    expect(usedPercent({ used: 999, left: 1 })).toBe(99);
  });
});

describe("a monthly period", () => {
  const day = (iso: string) => Date.parse(`${iso}T00:00:00Z`);
  test.each([
    ["2026-01-15", "2026-11-22", "2026-11-15", "2026-12-15"],
    ["2026-01-15", "2026-11-14", "2026-10-15", "2026-11-15"],
    ["2026-01-31", "2027-02-28", "2027-02-28", "2027-03-31"],
    ["2026-01-31", "2027-02-27", "2027-01-31", "2027-02-28"],
    ["2026-11-22", "2026-11-22", "2026-11-22", "2026-12-22"],
  ])("of somebody who began on %s is, on %s, from %s to %s", (anchor, now, start, end) => {
    expect(monthlyPeriod(day(anchor), day(now))).toEqual({ startMs: day(start), endMs: day(end) });
  });
});
