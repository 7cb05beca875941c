import { describe, expect, test } from "vitest";
import { applyOperation, type Book } from "./apply-operation.ts";
import { emptyBalances, entryKinds, imbalance, post, postings, type Account } from "./ledger.ts";
import type { LedgerOperation } from "./operations.ts";

const account = (fields: Partial<Account> = {}): Account => ({
  userId: "user_1",
  balances: emptyBalances,
  entryCount: 0,
  overageCap: null,
  debt: 0,
  overageBlocks: 0,
  periodStartedAtMs: null,
  periodSpentBase: 0,
  ...fields,
});
const book = (fields: Partial<Account> = {}): Book => ({
  account: account(fields),
  entries: new Map(),
  holds: new Map(),
  lots: [],
});
const charge = (credits: number): LedgerOperation => ({
  type: "charge",
  userId: "user_1",
  key: "run",
  credits,
  resource: "ai_message",
});

describe("postings", () => {
  test("every kind moves credits between two accounts and makes none", () => {
    const made = Object.values(postings).flatMap((make) => make(3));
    expect(new Set(made.map(({ kind }) => kind))).toEqual(new Set(entryKinds));
    for (const posting of made) {
      const after = post({ issued: 50, available: 20, held: 10, spent: 15, expired: 5 }, posting);
      expect(imbalance(after), posting.kind).toBe(0);
      expect(posting.from).not.toBe(posting.to);
    }
  });

  test.each([0.5, -1, 0, Number.NaN, 2 ** 60])("%d credits can't be posted", (credits) => {
    expect(() => post(emptyBalances, { kind: "charge", from: "available", to: "spent", credits })).toThrow(RangeError);
  });
});

describe("a charge", () => {
  const ten = { issued: 10, available: 10, held: 0, spent: 0, expired: 0 };

  test("is refused at 0 while overage is off, with what is missing", () => {
    expect(applyOperation(book({ balances: ten }), charge(11), 0).outcome).toEqual({
      outcome: "refused",
      available: 10,
      missing: 1,
    });
  });

  test("goes down to the cap and not beyond", () => {
    const on = { balances: ten, overageCap: 1_000 };
    expect(applyOperation(book(on), charge(1_010), 0).account).toMatchObject({
      balances: { available: -1_000 },
      overageBlocks: 1,
    });
    expect(applyOperation(book(on), charge(1_011), 0).outcome.outcome).toBe("refused");
  });

  test("leaves the book that it was given as it was", () => {
    const before = book({ balances: ten });
    applyOperation(before, charge(3), 0);
    expect(before).toEqual(book({ balances: ten }));
  });
});
