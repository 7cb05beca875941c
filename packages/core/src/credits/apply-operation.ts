import { unreachable } from "../shared/unreachable.ts";
import { postAll, postings, type Account, type Posting } from "./ledger.ts";
import { settleLots, type Lot } from "./lots.ts";
import {
  entryKey,
  type Charge,
  type ConflictReason,
  type EntryFacts,
  type Hold,
  type KnownEntry,
  type LedgerOperation,
  type OperationOutcome,
} from "./operations.ts";
import { canSpend, overdrawn } from "./overage.ts";
import { BLOCK_CREDITS } from "./prices.ts";

export interface KnownHold {
  credits: number;
  resource: string;
}

/** Everything about one customer that operations read. Lots are there for those that touch grants only. */
export interface Book {
  account: Account;
  entries: ReadonlyMap<string, readonly KnownEntry[]>;
  holds: ReadonlyMap<string, KnownHold>;
  lots: readonly Lot[];
}

/** Postings under one idempotency key, with what the statement says of them. */
export interface KeyedPostings {
  key: string;
  postings: readonly Posting[];
  /** A resource or a source of grants. */
  subject: string;
  facts: EntryFacts;
}

/** What an operation changes; null outcomes leave everything as it was. */
export interface Change {
  outcome: OperationOutcome;
  account: Account;
  posted: readonly KeyedPostings[];
  hold?: {
    key: string;
    state: "open" | "captured" | "released";
    credits: number;
    resource: string;
    expiresAtMs: number;
  };
  /** All open lots after the operation. */
  lots?: readonly Lot[];
}

/** The one place that decides what an operation does to a customer's book. Pure: `atMs` is the time of the operation. */
export function applyOperation(book: Book, operation: LedgerOperation, atMs: number): Change {
  switch (operation.type) {
    case "charge":
      return applyCharge(book, operation);
    case "hold":
      return applyHold(book, operation);
    case "capture":
      return applyCapture(book, operation);
    case "release":
      return applyRelease(book, operation);
    case "refund":
      return applyRefund(book, operation);
    case "grant":
      return applyGrant(book, operation);
    case "revoke":
      return applyRevoke(book, operation);
    case "take_back":
      return applyTakeBack(book, operation);
    case "expire":
      return applyExpiry(book, atMs);
    case "renew":
      return applyRenewal(book, operation, atMs);
    default:
      return unreachable(operation);
  }
}

type Of<Type extends LedgerOperation["type"]> = Extract<LedgerOperation, { type: Type }>;

function applyCharge(book: Book, charge: Charge): Change {
  const key = entryKey.charge(charge.key);
  const known = book.entries.get(key);
  if (known !== undefined) return repeat(book, sum(known), charge.credits);
  const { balances, overageCap } = book.account;
  if (charge.isOwed !== true && !canSpend(balances.available, charge.credits, overageCap))
    return refuse(book, charge.credits);
  return done(book, charge.credits, [keyed(key, postings.charge(charge.credits), charge.resource, charge.facts)]);
}

function applyHold(book: Book, hold: Hold): Change {
  const key = entryKey.hold(hold.key);
  const known = book.entries.get(key);
  if (known !== undefined) return repeat(book, sum(known), hold.credits);
  const { balances, overageCap } = book.account;
  if (!canSpend(balances.available, hold.credits, overageCap)) return refuse(book, hold.credits);
  const { credits, resource, expiresAtMs } = hold;
  return {
    ...done(book, credits, [keyed(key, postings.hold(credits), resource, hold.facts)]),
    hold: { key: hold.key, state: "open", credits, resource, expiresAtMs },
  };
}

function applyCapture(book: Book, { key, credits, facts }: Of<"capture">): Change {
  const hold = book.holds.get(key);
  if (hold === undefined) return conflict(book, "no_such_hold");
  const closing = book.entries.get(entryKey.close(key));
  if (closing === undefined) {
    const taken = Math.min(credits, hold.credits);
    const legs = [
      ...postings.capture(taken),
      ...postings.release(hold.credits - taken),
      // What the run cost beyond the hold was used: it is owed, whatever the cap says.
      ...postings.charge(credits - taken),
    ];
    return {
      ...done(book, credits, [keyed(entryKey.close(key), legs, hold.resource, facts)]),
      hold: { key, state: "captured", credits: hold.credits, resource: hold.resource, expiresAtMs: 0 },
    };
  }
  if (closing.some(({ kind }) => kind !== "release")) return repeat(book, spentBy(closing), credits);
  if (credits === 0) return repeat(book, 0, 0);
  // Released before, by its expiry or by its owner: what was used after all is charged, once.
  const late = book.entries.get(entryKey.late(key));
  if (late !== undefined) return repeat(book, sum(late), credits);
  return done(book, credits, [keyed(entryKey.late(key), postings.charge(credits), hold.resource, facts)]);
}

function applyRelease(book: Book, { key }: Of<"release">): Change {
  const hold = book.holds.get(key);
  if (hold === undefined) return conflict(book, "no_such_hold");
  const closing = book.entries.get(entryKey.close(key));
  if (closing !== undefined)
    return spentBy(closing) > 0 ? conflict(book, "hold_closed") : repeat(book, hold.credits, hold.credits);
  return {
    ...done(book, hold.credits, [keyed(entryKey.close(key), postings.release(hold.credits), hold.resource)]),
    hold: { key, state: "released", credits: hold.credits, resource: hold.resource, expiresAtMs: 0 },
  };
}

function applyRefund(book: Book, { key, credits, facts }: Of<"refund">): Change {
  const known = book.entries.get(entryKey.refund(key));
  if (known !== undefined) return repeat(book, sum(known), credits);
  const charged = [entryKey.charge(key), entryKey.close(key), entryKey.late(key)].flatMap(
    (charge) => book.entries.get(charge) ?? [],
  );
  if (spentBy(charged) < credits) return conflict(book, "nothing_charged");
  return done(book, credits, [keyed(entryKey.refund(key), postings.refund(credits), "refund", facts)]);
}

function applyGrant(book: Book, grant: Of<"grant">): Change {
  const key = entryKey.grant(grant.key);
  const known = book.entries.get(key);
  if (known !== undefined) return repeat(book, sum(known), grant.credits);
  const change = done(book, grant.credits, [keyed(key, postings.grant(grant.credits), grant.source, grant.facts)]);
  return { ...change, lots: addLot(book.lots, book.account, change.account, grant) };
}

function applyRevoke(book: Book, { key }: Of<"revoke">): Change {
  const known = book.entries.get(entryKey.revoke(key));
  if (known !== undefined) return repeat(book, sum(known), sum(known));
  const lots = settleLots(book.lots, left(book.account));
  const lot = lots.find((one) => one.key === key);
  if (lot === undefined) return conflict(book, "no_such_grant");
  const taken = Math.min(lot.remaining, Math.max(0, book.account.balances.available));
  const change = done(book, taken, [keyed(entryKey.revoke(key), postings.revoke(taken), lot.source)]);
  return {
    ...change,
    lots: lots.map((one) => (one.key === key ? { ...end(one), takenBack: one.takenBack + taken } : one)),
  };
}

function applyTakeBack(book: Book, { key, credits }: Of<"take_back">): Change {
  const before = settleLots(book.lots, left(book.account));
  const lot = before.find((one) => one.key === key);
  if (lot === undefined) return conflict(book, "no_such_grant");
  const total = Math.min(credits, lot.credits);
  const taken = total - lot.takenBack;
  if (taken === 0) return { outcome: replayed(book, total), account: book.account, posted: [] };
  const legs = taken > 0 ? postings.revoke(taken) : postings.grant(-taken);
  const entry = keyed(entryKey.takeBack(key, book.account.entryCount + 1), legs, lot.source);
  const change = done(book, total, [entry]);
  const more = overdrawn(change.account.balances) - overdrawn(book.account.balances);
  const account = { ...change.account, debt: change.account.debt + Math.max(0, more) };
  const remaining = Math.max(0, Math.min(lot.credits - total, lot.remaining - taken));
  const changed = { ...lot, takenBack: total, remaining, isEnded: remaining === 0 };
  return {
    ...change,
    // No block of overage begins with it: nobody agreed to buy these credits again.
    account: { ...account, overageBlocks: book.account.overageBlocks },
    lots: settleLots(
      before.map((one) => (one.key === key ? changed : one)),
      left(account),
    ),
  };
}

function applyExpiry(book: Book, atMs: number): Change {
  const due = (lot: Lot) => lot.expiresAtMs !== null && lot.expiresAtMs <= atMs;
  const lots = settleLots(book.lots, left(book.account));
  let free = Math.max(0, book.account.balances.available);
  const posted = lots.filter(due).map((lot) => {
    const ended = Math.min(lot.remaining, free);
    free -= ended;
    return keyed(entryKey.expiry(lot.key), postings.expiry(ended), lot.source);
  });
  const credits = posted.reduce((total, { postings: legs }) => total + sum(legs), 0);
  return { ...done(book, credits, posted), lots: lots.map((lot) => (due(lot) ? end(lot) : lot)) };
}

function applyRenewal(book: Book, renewal: Of<"renew">, atMs: number): Change {
  const { credits, periodStartMs, periodEndMs } = renewal;
  const key = entryKey.renewal(periodStartMs);
  const known = book.entries.get(key);
  if (known !== undefined) return repeat(book, sum(known), credits);
  // An invoice that comes after the next one's: its month is over, and so are its credits.
  if (book.account.periodStartedAtMs !== null && periodStartMs <= book.account.periodStartedAtMs)
    return { outcome: replayed(book, 0), account: book.account, posted: [] };

  const ended = applyExpiry(book, Math.max(atMs, periodStartMs));
  // Blocks were billed as they began; what they held is the customer's, whether it was used or not.
  const blocks = ended.account.overageBlocks * BLOCK_CREDITS;
  const blockKey = `overage:${key}`;
  const settled = keyed(blockKey, postings.overageBlock(blocks), "overage");
  const afterBlocks = { ...postAll(ended.account, settled.postings), overageBlocks: 0 };
  const lotsAfterBlocks =
    blocks === 0
      ? (ended.lots ?? [])
      : addLot(ended.lots ?? [], ended.account, afterBlocks, {
          key: blockKey,
          source: "overage",
          credits: blocks,
          expiresAtMs: null,
        });
  const granted = keyed(key, postings.grant(credits), "monthly");
  const account: Account = {
    ...postAll(afterBlocks, granted.postings),
    overageBlocks: 0,
    periodStartedAtMs: periodStartMs,
    periodSpentBase: afterBlocks.balances.spent,
  };
  return {
    outcome: { outcome: "posted", isReplay: false, credits, available: account.balances.available },
    account,
    posted: [...ended.posted, settled, granted],
    lots: addLot(lotsAfterBlocks, afterBlocks, account, { key, source: "monthly", credits, expiresAtMs: periodEndMs }),
  };
}

function end(lot: Lot): Lot {
  return { ...lot, remaining: 0, isEnded: true };
}

type NewLot = Omit<Lot, "remaining" | "takenBack" | "isEnded">;

/** A grant first pays what is owed; the lots are settled before it, so that it does not pay for what they did. */
function addLot(lots: readonly Lot[], before: Account, after: Account, lot: NewLot): Lot[] {
  const { key, source, credits, expiresAtMs } = lot;
  const settled = settleLots(lots, left(before));
  if (credits === 0) return settled;
  return settleLots(
    [...settled, { key, source, credits, remaining: credits, takenBack: 0, expiresAtMs, isEnded: false }],
    left(after),
  );
}

function left({ balances }: Account): number {
  return balances.available + balances.held;
}

function keyed(key: string, legs: readonly Posting[], subject: string, facts: EntryFacts = {}): KeyedPostings {
  return { key, postings: legs, subject, facts };
}

function done(book: Book, credits: number, posted: readonly KeyedPostings[]): Change {
  const account = postAll(
    book.account,
    posted.flatMap(({ postings: legs }) => legs),
  );
  return {
    outcome: { outcome: "posted", isReplay: false, credits, available: account.balances.available },
    account,
    posted,
  };
}

function repeat(book: Book, credits: number, asked: number): Change {
  if (credits !== asked) return conflict(book, "other_operation");
  return { outcome: replayed(book, credits), account: book.account, posted: [] };
}

function replayed({ account }: Book, credits: number): OperationOutcome {
  return { outcome: "posted", isReplay: true, credits, available: account.balances.available };
}

function refuse({ account }: Book, credits: number): Change {
  const { available } = account.balances;
  return { outcome: { outcome: "refused", available, missing: credits - available }, account, posted: [] };
}

function conflict({ account }: Book, reason: ConflictReason): Change {
  return { outcome: { outcome: "conflict", reason }, account, posted: [] };
}

function sum(legs: readonly { credits: number }[]): number {
  return legs.reduce((total, { credits }) => total + credits, 0);
}

/** What of these went to `spent`. */
function spentBy(legs: readonly KnownEntry[]): number {
  return sum(legs.filter(({ kind }) => kind === "charge" || kind === "capture"));
}
