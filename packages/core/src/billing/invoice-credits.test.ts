import { describe, expect, test } from "vitest";
import { tierCatalogue } from "../tiers/catalogue.ts";
import {
  creditsOfInvoice,
  creditsToTakeBack,
  isMoneyGone,
  trialCredits,
  type InvoiceLineFacts,
} from "./invoice-credits.ts";

const line = (fields: Partial<InvoiceLineFacts> = {}): InvoiceLineFacts => ({
  meaning: { kind: "plan", tier: "pro" },
  amountCents: 7_900,
  unitAmountCents: 7_900,
  quantity: 1,
  isProration: false,
  period: { startMs: 0, endMs: 30 },
  ...fields,
});
const starter = { meaning: { kind: "plan", tier: "starter" }, unitAmountCents: 2_900 } as const;
const { pro, starter: small } = tierCatalogue;

describe("a paid invoice buys", () => {
  test("the month's credits of its plan, which end with the month", () => {
    expect(creditsOfInvoice("cycle", [line()])).toEqual({
      credits: pro.creditsPerMonth,
      source: "monthly",
      begins: { startMs: 0, endMs: 30 },
      expiresAtMs: 30,
    });
  });

  test("the difference for the days that are left, when the plan was changed within the month", () => {
    const half = [
      line({ ...starter, amountCents: -1_450, isProration: true }),
      line({ amountCents: 3_950, isProration: true }),
    ];
    expect(creditsOfInvoice("update", half)).toMatchObject({
      credits: (pro.creditsPerMonth - small.creditsPerMonth) / 2,
      begins: null,
    });
    expect(
      creditsOfInvoice(
        "update",
        half.map((one) => ({ ...one, amountCents: -one.amountCents })),
      )?.credits,
    ).toBe(0);
  });

  test("no credits of a month that is over, and none for overage or what is not ours", () => {
    expect(creditsOfInvoice("cycle", [line(), line({ amountCents: 500, isProration: true })])?.credits).toBe(2_000);
    expect(creditsOfInvoice("cycle", [line({ meaning: { kind: "overage" } })])).toBeNull();
    expect(creditsOfInvoice("other", [line()])).toBeNull();
    expect(creditsOfInvoice("other", [line({ meaning: null })])).toBeNull();
  });

  test("credits that stay, when it is for packs", () => {
    expect(creditsOfInvoice("other", [line({ meaning: { kind: "pack", credits: 1_000 }, quantity: 3 })])).toEqual({
      credits: 3_000,
      source: "pack",
      begins: null,
      expiresAtMs: null,
    });
  });

  test("nothing in a trial; the trial has its share of a month", () => {
    expect(creditsOfInvoice("create", [line({ amountCents: 0 })])?.credits).toBe(0);
    expect([trialCredits(2_000, 7), trialCredits(2_000, 90)]).toEqual([466, 2_000]);
  });
});

test("money that goes back takes its share of the credits along, all of it all of them", () => {
  const taken = (returnedCents: number, amountCents = 3_000) =>
    creditsToTakeBack(3_000, { amountCents, returnedCents });
  expect([taken(0), taken(1), taken(1_500), taken(3_000), taken(9_000), taken(0, 0)]).toEqual([
    0, 1, 1_500, 3_000, 3_000, 0,
  ]);
});

test("a dispute's money is gone until it is won; an inquiry takes none", () => {
  expect(["needs_response", "under_review", "lost"].every(isMoneyGone)).toBe(true);
  expect(["won", "prevented", "warning_needs_response", "warning_closed"].some(isMoneyGone)).toBe(false);
});
