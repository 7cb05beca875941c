import { describe, expect, test } from "vitest";
import { RETURNED_LOT, settleLots, type Lot } from "./lots.ts";

const lot = (fields: Partial<Lot>): Lot => ({
  key: "pack",
  source: "pack",
  credits: 100,
  remaining: 100,
  takenBack: 0,
  expiresAtMs: null,
  isEnded: false,
  ...fields,
});
const left = (lots: readonly Lot[]) => Object.fromEntries(lots.map(({ key, remaining }) => [key, remaining]));

describe("settling what is left of each grant", () => {
  const lots = [
    lot({ key: "never" }),
    lot({ key: "soon", expiresAtMs: 1, credits: 30, remaining: 30 }),
    lot({ key: "later", expiresAtMs: 2, credits: 50, remaining: 50 }),
  ];

  test("takes from what expires first", () => {
    expect(left(settleLots(lots, 140))).toEqual({ soon: 0, later: 40, never: 100 });
  });

  test("leaves nothing anywhere when the account is overdrawn", () => {
    expect(left(settleLots(lots, -5))).toEqual({ soon: 0, later: 0, never: 0 });
  });

  test("gives back to what expires last, never more than a grant was", () => {
    const used = settleLots(lots, 10);
    expect(left(settleLots(used, 105))).toEqual({ soon: 0, later: 5, never: 100 });
  });

  test("what comes back for a grant that has ended never expires", () => {
    const ended = [lot({ key: "gone", remaining: 0, expiresAtMs: 1, isEnded: true })];
    const once = settleLots(ended, 7);
    expect(left(once)).toEqual({ gone: 0, [RETURNED_LOT]: 7 });
    expect(left(settleLots(once, 9))).toEqual({ gone: 0, [RETURNED_LOT]: 9 });
    expect(once.find(({ key }) => key === RETURNED_LOT)).toMatchObject({ expiresAtMs: null });
  });
});
