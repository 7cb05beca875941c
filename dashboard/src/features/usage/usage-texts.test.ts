import type { CreditsView } from "@automna/contract/credits";
import { expect, test } from "vitest";
import { balanceDetails, balanceSentence, formatChange, usageWarning } from "./usage-texts.ts";

const view = (fields: Partial<CreditsView> = {}): CreditsView => ({
  tier: "pro",
  remaining: 8_432,
  held: 0,
  owed: 0,
  month: { credits: 2_000, startMs: Date.UTC(2026, 10, 1, 12), used: 68 },
  usedPercent: 1,
  warning: null,
  aiUsage: "credits",
  overage: { canUse: true, capCredits: null, blocks: 0, blockCredits: 1_000, blockPriceCents: 1_000 },
  prices: [],
  ...fields,
});

test("says what remains, also when it is one or less than nothing", () => {
  expect(balanceSentence({ remaining: 8_432 })).toBe("You have 8,432 credits remaining");
  expect(balanceSentence({ remaining: 1 })).toBe("You have 1 credit remaining");
  expect(balanceSentence({ remaining: -1_200 })).toBe("You are 1,200 credits over");
});

test("says only what applies", () => {
  expect(balanceDetails(view())).toEqual(["68 used since Nov 1, of 2,000 a month."]);
  const all = view({ held: 5, aiUsage: "byok", overage: { ...view().overage, capCredits: 2_000, blocks: 2 } });
  expect(balanceDetails(all)).toEqual([
    "68 used since Nov 1, of 2,000 a month.",
    "5 credits more are set aside for work under way.",
    "Overage this month: $20, which goes on your next invoice.",
    "AI messages cost nothing here: they run on your own Anthropic key.",
  ]);
  expect(balanceDetails(view({ month: null }))).toEqual([]);
});

test("a change carries its sign", () => {
  expect([formatChange(500), formatChange(-3)]).toEqual(["+500", "−3"]);
});

test("warns at 80 %, and at 100 % says what happens next", () => {
  expect(usageWarning(view())).toBeNull();
  expect(usageWarning(view({ warning: 80 }))).toMatchObject({ tone: "waiting" });
  expect(usageWarning(view({ warning: 100, remaining: 0 }))).toMatchObject({ tone: "failing" });
  const on = { ...view().overage, capCredits: 2_000 };
  expect(usageWarning(view({ warning: 100, remaining: -1_999, overage: on }))).toMatchObject({ tone: "waiting" });
  expect(usageWarning(view({ warning: 100, remaining: -2_000, overage: on }))).toMatchObject({ tone: "failing" });
});
