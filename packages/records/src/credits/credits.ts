import type { Charge, Hold, LedgerOperation, OperationOutcome } from "@automna/core/credits/operations";
import { appError } from "@automna/contract/error-catalogue";
import type { Pool } from "pg";
import { postOperations } from "./post-operations.ts";

export interface Posted {
  /** False when this key was posted before; then nothing happened now. */
  isNew: boolean;
  credits: number;
  /** What the customer may still spend; negative while overage is in use. */
  available: number;
}

type Wish<Type extends LedgerOperation["type"]> = Omit<Extract<LedgerOperation, { type: Type }>, "type">;

// Each is safe to repeat with the same key (S10) and throws `credit_conflict` when the key stands for something else.

/** Gives credits, e.g. for a pack, a referral or by an operator. */
export function grantCredits(pool: Pool, grant: Wish<"grant">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...grant, type: "grant" }, atMs);
}

/** Takes back what is left of a grant; answers how much that was. */
export function revokeGrant(pool: Pool, grant: Wish<"revoke">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...grant, type: "revoke" }, atMs);
}

/** Brings what was taken back of a grant to so much in all; what was spent of it already becomes a debt. */
export function takeBackCredits(pool: Pool, taken: Wish<"take_back">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...taken, type: "take_back" }, atMs);
}

/** Begins a monthly period: expires, settles overage, grants the month's credits. A period that has begun is left alone. */
export function renewCredits(pool: Pool, renewal: Wish<"renew">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...renewal, type: "renew" }, atMs);
}

/** Hold and capture in one. Throws `credits_exhausted`. Many charges at once go through makeChargeBatcher. */
export function chargeCredits(pool: Pool, charge: Omit<Charge, "type">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...charge, type: "charge" }, atMs);
}

/** Sets credits aside until they are captured or released, or the hold expires. Throws `credits_exhausted`. */
export function holdCredits(pool: Pool, hold: Omit<Hold, "type">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...hold, type: "hold" }, atMs);
}

/** Closes a hold with what was used, which may be less or more than was held; never refused. */
export function captureCredits(pool: Pool, capture: Wish<"capture">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...capture, type: "capture" }, atMs);
}

/** Closes a hold of which nothing was used. */
export function releaseCredits(pool: Pool, release: Wish<"release">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...release, type: "release" }, atMs);
}

/** Gives back what a charge or captured hold took, or a part of it, once. */
export function refundCredits(pool: Pool, refund: Wish<"refund">, atMs: number): Promise<Posted> {
  return postOne(pool, { ...refund, type: "refund" }, atMs);
}

async function postOne(pool: Pool, operation: LedgerOperation, atMs: number): Promise<Posted> {
  const [outcome] = await postOperations(pool, [operation], atMs);
  if (outcome === undefined) throw new TypeError("an operation had no outcome");
  return toPosted(outcome);
}

/** Throws `credits_exhausted` or `credit_conflict` for what was not posted. */
export function toPosted(outcome: OperationOutcome): Posted {
  switch (outcome.outcome) {
    case "posted":
      return { isNew: !outcome.isReplay, credits: outcome.credits, available: outcome.available };
    case "refused":
      throw appError("credits_exhausted", { details: { available: outcome.available, missing: outcome.missing } });
    case "conflict":
      throw appError("credit_conflict", { details: { reason: outcome.reason } });
  }
}
