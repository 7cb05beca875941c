/** What is left of one grant. Credits that expire first are spent first. */
export interface Lot {
  key: string;
  source: GrantSource;
  credits: number;
  remaining: number;
  /** Of `credits`, what was taken back because the payment for it went back. */
  takenBack: number;
  /** Null = never. */
  expiresAtMs: number | null;
  /** Expired, revoked or used up: nothing comes back to it. */
  isEnded: boolean;
}

export const grantSources = ["monthly", "pack", "promo", "referral", "overage", "goodwill", "returned"] as const;
export type GrantSource = (typeof grantSources)[number];

/** Where credits wait whose own grant is used up or gone: refunds and released holds. Never expires. */
export const RETURNED_LOT = "returned";

/**
 * Brings the lots up to date with what is left in the account. Charges don't touch lots, so that the hot path writes one
 * row less; as no lot was added since the last settling, taking from the earliest expiry now gives what taking at
 * each charge would have given. What came back goes to the latest expiry first.
 */
export function settleLots(lots: readonly Lot[], left: number): Lot[] {
  const total = lots.reduce((sum, lot) => sum + lot.remaining, 0);
  const wanted = Math.max(0, left);
  return wanted <= total ? takeEarliest(lots, total - wanted) : giveBack(lots, wanted - total);
}

function takeEarliest(lots: readonly Lot[], credits: number): Lot[] {
  let toTake = credits;
  return lots.toSorted(byExpiry).map((lot) => {
    const taken = Math.min(lot.remaining, toTake);
    toTake -= taken;
    return { ...lot, remaining: lot.remaining - taken };
  });
}

function giveBack(lots: readonly Lot[], credits: number): Lot[] {
  let toGive = credits;
  const filled = lots
    .toSorted(byExpiry)
    .toReversed()
    .map((lot) => {
      if (lot.isEnded || lot.key === RETURNED_LOT) return lot;
      const given = Math.min(lot.credits - lot.takenBack - lot.remaining, toGive);
      toGive -= given;
      return { ...lot, remaining: lot.remaining + given };
    });
  return toGive === 0 ? filled : addReturned(filled, toGive);
}

function addReturned(lots: Lot[], credits: number): Lot[] {
  const before = lots.find(({ key }) => key === RETURNED_LOT);
  const lot: Lot = {
    key: RETURNED_LOT,
    source: "returned",
    credits: (before?.credits ?? 0) + credits,
    remaining: (before?.remaining ?? 0) + credits,
    takenBack: 0,
    expiresAtMs: null,
    isEnded: false,
  };
  return [...lots.filter(({ key }) => key !== RETURNED_LOT), lot];
}

function byExpiry(one: Lot, other: Lot): number {
  return (one.expiresAtMs ?? Infinity) - (other.expiresAtMs ?? Infinity) || (one.key < other.key ? -1 : 1);
}
