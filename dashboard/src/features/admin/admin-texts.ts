import type { CustomerView } from "@automna/contract/admin";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";

export const stateWords: Record<CustomerView["user"]["state"], string> = {
  active: "active",
  suspended: "suspended",
  deleted: "deleted",
};

/** What is said of a plan; null = none. */
export function planWord(tier: Tier | null): string {
  return tier === null ? "No plan" : tierCatalogue[tier].label;
}

/** "$29.00" */
export function formatCents(cents: number, currency = "usd"): string {
  return (cents / 100).toLocaleString("en", { style: "currency", currency: currency.toUpperCase() });
}

/** Cents of an amount as people write it; null for what is no amount. */
export function centsOf(text: string): number | null {
  const match = /^\s*\$?\s*(\d{1,6})(?:[.,](\d{2}))?\s*$/.exec(text);
  return match === null ? null : Number(match[1]) * 100 + Number(match[2] ?? 0);
}

/** "3 Nov 2026, 14:05" */
export function formatMoment(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** `before` and `after` of an action, as far as they differ: "available: 0 → 500". */
export function changesBetween(before: unknown, after: unknown): string[] {
  const [one, other] = [toFacts(before), toFacts(after)];
  const names = Object.keys(other).filter((name) => one[name] !== other[name]);
  return names.map((name) =>
    name in one ? `${name}: ${say(one[name])} → ${say(other[name])}` : `${name}: ${say(other[name])}`,
  );
}

function toFacts(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function say(value: unknown): string {
  return value === null || value === "" ? "none" : typeof value === "string" ? value : JSON.stringify(value);
}
