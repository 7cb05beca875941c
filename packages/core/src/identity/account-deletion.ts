import { DAY_MS } from "../shared/clock.ts";

/** Days between the wish to delete an account and its end: the promise to customers. */
export const ERASE_AFTER_DAYS = 30;

/** Who asked for the end of an account: the customer in the settings, or the identity provider, where it is gone. */
export const deletionAskers = ["customer", "issuer"] as const;
export type DeletionAsker = (typeof deletionAskers)[number];

export interface DeletionFacts {
  askedBy: DeletionAsker;
  eraseAtMs: number;
  isErased: boolean;
}

export function eraseAtMs(nowMs: number): number {
  return nowMs + ERASE_AFTER_DAYS * DAY_MS;
}

/** Can the customer still change their mind? An account that is gone at the identity provider has nobody to sign in. */
export function canUndoDeletion({ askedBy, eraseAtMs: endMs, isErased }: DeletionFacts, nowMs: number): boolean {
  return askedBy === "customer" && !isErased && nowMs < endMs;
}
