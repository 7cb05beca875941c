import type { PlanPreview } from "@automna/contract/billing";
import { expect, test } from "vitest";
import { changeSentences, formatMoney, invoiceStatus, planSentence } from "./billing-texts.ts";

const day = (ms: number) => `day ${ms}`;
const plan = {
  tier: null,
  nextTier: null,
  status: "active",
  periodEndMs: 30,
  endsAtPeriodEnd: false,
  trialEndsMs: null,
};
const preview: PlanPreview = {
  kind: "upgrade",
  tier: "max",
  effectiveAtMs: 1,
  dueNowCents: 4_981,
  lines: [],
  creditsNow: 1_250,
  nextInvoiceCents: 24_900,
  nextInvoiceAtMs: 30,
  currency: "usd",
  prorationAtMs: 1,
};

test("money has cents only where there are some, and a minus for what is given back", () => {
  expect([formatMoney(2_900), formatMoney(4_981), formatMoney(-500)]).toEqual(["$29", "$49.81", "−$5"]);
});

test("says when the plan renews, ends, changes or begins to cost", () => {
  expect(planSentence(plan, day)).toBe("Renews on day 30.");
  expect(planSentence({ ...plan, endsAtPeriodEnd: true }, day)).toContain("stays until day 30");
  expect(planSentence({ ...plan, nextTier: "pro" }, day)).toContain("Then it becomes Pro");
  expect(planSentence({ ...plan, trialEndsMs: 7 }, day)).toContain("trying it until day 7");
  expect(planSentence({ ...plan, status: "past_due" }, day)).toContain("failed");
});

test("says the cost before the act, in every case", () => {
  expect(changeSentences(preview, day)).toEqual([
    "$49.81 now, for the days that are left of this month.",
    "1,250 more credits come with it at once.",
    "$249 on day 30, with the next invoice.",
  ]);
  for (const kind of ["downgrade", "keep", "switch"] as const)
    expect(changeSentences({ ...preview, kind }, day)[0]).toMatch(/nothing/i);
});

test("an invoice's status is a word that people use", () => {
  expect([invoiceStatus("paid"), invoiceStatus("new_one")]).toEqual(["Paid", "new_one"]);
});
