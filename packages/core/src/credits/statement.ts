import type { EntryKind } from "./ledger.ts";
import { grantSources, type GrantSource } from "./lots.ts";
import { priceList, resources } from "./prices.ts";

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
  const resource = resources.find((known) => known === subject);
  const source = grantSources.find((known) => known === subject);
  const words = resource ? priceList[resource].label : source ? sourceWords[source] : subject;
  if (kind === "refund") return "Refund";
  if (kind === "expiry") return `Expired: ${words}`;
  return kind === "revoke" ? `Taken back: ${words}` : words;
}
