import type { EntryKind } from "./ledger.ts";
import { grantSources, type GrantSource } from "./lots.ts";
import { chargeLabel } from "./prices.ts";

const sourceWords: Record<GrantSource, string> = {
  monthly: "Monthly credits",
  pack: "Credit pack",
  promo: "Promotion",
  referral: "Referral",
  overage: "Overage, 1,000 credits a block",
  goodwill: "Goodwill",
  returned: "Returned credits",
};

/** Kinds that only move credits within what the customer has: no line of the statement. */
export const silentKinds: readonly EntryKind[] = ["hold", "release"];

/** What an entry is called on the statement; an unknown subject, of a newer version, speaks for itself. */
export function describeEntry(kind: EntryKind, subject: string): string {
  const source = grantSources.find((known) => known === subject);
  const words = chargeLabel(subject) ?? (source ? sourceWords[source] : subject);
  if (kind === "refund") return "Refund";
  if (kind === "expiry") return `Expired: ${words}`;
  return kind === "revoke" ? `Taken back: ${words}` : words;
}
