import { overdrawn, startedBlocks, type OverageCap } from "./overage.ts";

/**
 * The five accounts of a customer. `issued` is where credits come from, so that what was ever issued is always the sum of
 * what the other four hold: every posting moves credits from one to another and makes none.
 */
export const ledgerAccounts = ["issued", "available", "held", "spent", "expired"] as const;
export type LedgerAccount = (typeof ledgerAccounts)[number];
export type Balances = Readonly<Record<LedgerAccount, number>>;

export const entryKinds = [
  "grant",
  "overage_block",
  "charge",
  "hold",
  "capture",
  "release",
  "refund",
  "revoke",
  "expiry",
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** One move of credits; `credits` is a positive integer. */
export interface Posting {
  kind: EntryKind;
  from: LedgerAccount;
  to: LedgerAccount;
  credits: number;
}

/** A customer's account between two operations. */
export interface Account {
  userId: string;
  balances: Balances;
  /** Entries so far; the next one's number is one more, so that a missing entry leaves a gap. */
  entryCount: number;
  overageCap: OverageCap;
  /** Of what is overdrawn, what payments that went back left behind: new credits pay it, overage never bills it. */
  debt: number;
  /** Blocks of overage started in this period. */
  overageBlocks: number;
  /** Null until the first monthly grant. */
  periodStartedAtMs: number | null;
  /** `spent` when the period began. */
  periodSpentBase: number;
}

export const emptyBalances: Balances = { issued: 0, available: 0, held: 0, spent: 0, expired: 0 };

/** Throws a RangeError for anything but a positive whole number of credits (S18). */
export function assertCredits(credits: number): void {
  if (!Number.isSafeInteger(credits) || credits <= 0)
    throw new RangeError(`credits are positive whole numbers, not ${credits}`);
}

/** The balances after a posting. */
export function post(balances: Balances, { from, to, credits }: Posting): Balances {
  assertCredits(credits);
  const sign = (account: LedgerAccount) => (account === "issued" ? -1 : 1);
  return {
    ...balances,
    [from]: balances[from] - sign(from) * credits,
    [to]: balances[to] + sign(to) * credits,
  };
}

/** The account after these postings, with the blocks of overage that it has started by then. */
export function postAll(account: Account, postings: readonly Posting[]): Account {
  const balances = postings.reduce(post, account.balances);
  return {
    ...account,
    balances,
    entryCount: account.entryCount + postings.length,
    debt: Math.min(account.debt, overdrawn(balances)),
    overageBlocks: Math.max(
      account.overageBlocks,
      startedBlocks(overdrawn(balances) - account.debt, account.overageCap),
    ),
  };
}

/** Zero for every account whose books are right. */
export function imbalance({ issued, available, held, spent, expired }: Balances): number {
  return issued - available - held - spent - expired;
}

// The postings of each kind. Amounts of zero make none.
const move =
  (kind: EntryKind, from: LedgerAccount, to: LedgerAccount) =>
  (credits: number): Posting[] =>
    credits === 0 ? [] : [{ kind, from, to, credits }];

export const postings = {
  grant: move("grant", "issued", "available"),
  overageBlock: move("overage_block", "issued", "available"),
  charge: move("charge", "available", "spent"),
  hold: move("hold", "available", "held"),
  capture: move("capture", "held", "spent"),
  release: move("release", "held", "available"),
  refund: move("refund", "spent", "available"),
  revoke: move("revoke", "available", "issued"),
  expiry: move("expiry", "available", "expired"),
} as const;
