import type { GrantSource } from "./lots.ts";
import type { EntryKind } from "./ledger.ts";
import type { Resource } from "./prices.ts";

interface Common {
  userId: string;
  /** Made from the intent (S10): the same key again is the same operation, not another one. */
  key: string;
}

/** Facts kept beside an entry, e.g. run id, model, tokens, micro-dollars. */
export type EntryFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface Charge extends Common {
  type: "charge";
  credits: number;

  resource: Resource;
  /** Used already: booked even beyond the cap, as what was used has to be. */
  isOwed?: boolean;
  facts?: EntryFacts;
}

export interface Hold extends Common {
  type: "hold";
  credits: number;
  resource: Resource;
  /** A hold that nobody closes is released then. */
  expiresAtMs: number;
  facts?: EntryFacts;
}

export type LedgerOperation =
  | Charge
  | Hold
  /** Closes the hold of this key: takes `credits`, gives the rest back, or takes what is missing from the balance. */
  | (Common & { type: "capture"; credits: number; facts?: EntryFacts })
  /** Closes the hold of this key and gives all of it back. */
  | (Common & { type: "release" })
  /** Gives back what the charge or captured hold of this key took, or a part of it; once. */
  | (Common & { type: "refund"; credits: number; facts?: EntryFacts })
  | (Common & {
      type: "grant";
      credits: number;
      source: GrantSource;
      expiresAtMs: number | null;
      facts?: EntryFacts;
    })
  /** Takes back what is left of the grant of this key, e.g. after its payment was refunded. */
  | (Common & { type: "revoke" })
  /**
   * Brings what was taken back of the grant of this key to `credits` in all, because its payment went back in part, whole,
   * or came again. What was spent already becomes a debt.
   */
  | (Common & { type: "take_back"; credits: number })
  /** Ends every grant whose time is over. The key is not used. */
  | (Common & { type: "expire" })
  /** A new monthly period: ends what has expired, settles overage, grants the month's credits. */
  | (Common & { type: "renew"; credits: number; periodStartMs: number; periodEndMs: number });

/** Idempotency keys of entries; closing a hold has one, so that it can't be captured and released. */
export const entryKey = {
  charge: (key: string) => `charge:${key}`,
  hold: (key: string) => `hold:${key}`,
  close: (key: string) => `close:${key}`,
  /** A capture that came after the hold had been released. */
  late: (key: string) => `late:${key}`,
  refund: (key: string) => `refund:${key}`,
  grant: (key: string) => `grant:${key}`,
  revoke: (key: string) => `revoke:${key}`,
  /** Numbered by the entry, as it may happen often; the grant itself knows how much is gone. */
  takeBack: (key: string, number: number) => `take_back:${key}:${number}`,
  expiry: (lotKey: string) => `expiry:${lotKey}`,
  renewal: (periodStartMs: number) => `renewal:${new Date(periodStartMs).toISOString()}`,
} as const;

/** Keys of the entries that an operation has to know of: its own, and those that it refers to. */
export function keysToRead(operation: LedgerOperation): string[] {
  const { key } = operation;
  switch (operation.type) {
    case "charge":
      return [entryKey.charge(key)];
    case "hold":
      return [entryKey.hold(key)];
    case "capture":
      return [entryKey.close(key), entryKey.late(key)];
    case "release":
      return [entryKey.close(key)];
    case "refund":
      return [entryKey.refund(key), entryKey.charge(key), entryKey.close(key), entryKey.late(key)];
    case "grant":
      return [entryKey.grant(key)];
    case "revoke":
      return [entryKey.revoke(key)];
    case "take_back":
    case "expire":
      return [];
    case "renew":
      return [entryKey.renewal(operation.periodStartMs)];
  }
}

/** An entry that is in the books already, as far as a repeated operation needs it. */
export interface KnownEntry {
  kind: EntryKind;
  credits: number;
}

/** What came of an operation. */
export type OperationOutcome =
  /** Posted now, or earlier under the same key. */
  | { outcome: "posted"; isReplay: boolean; credits: number; available: number }
  /** Not enough credits, and no overage to cover it; nothing was posted. */
  | { outcome: "refused"; available: number; missing: number }
  /** The key stands for another operation, or refers to nothing that this could be done to. */
  | { outcome: "conflict"; reason: ConflictReason };

export type ConflictReason =
  | "other_operation"
  | "no_such_user"
  | "no_such_hold"
  | "hold_closed"
  | "nothing_charged"
  | "no_such_grant";
