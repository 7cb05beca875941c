import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { proofText } from "@automna/contract/agentd";

/**
 * What a derived key may be used for (design D6); `control` is the provisioner's own, so that ingress can't claim, and
 * `apps` opens published files alone, because those who hold it face strangers.
 */
export type SlotKeyPurpose = "ingress" | "proof" | "egress" | "control" | "apps";

export const ROOT_KEY_BYTES = 32;

export function newRootKey(): Buffer {
  return randomBytes(ROOT_KEY_BYTES);
}

/** base64url of HMAC-SHA256(root key, purpose, slot, key generation). */
export function deriveSlotKey(
  rootKey: Uint8Array,
  purpose: SlotKeyPurpose,
  slotId: string,
  generation: number,
): string {
  return createHmac("sha256", rootKey).update(`automna/v1/${purpose}/${slotId}/${generation}`).digest("base64url");
}

/** The proof that agentd gives for a nonce, and that ingress expects. */
export function identityProof(
  proofKey: string,
  nonce: string,
  slotId: string,
  generation: number,
  agentId: string | null,
): string {
  return createHmac("sha256", proofKey)
    .update(proofText(nonce, slotId, generation, agentId))
    .digest("base64url");
}

/** Equality of two secrets in constant time, also when their lengths differ. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** What is stored to recognise an egress key without being able to make one. */
export function egressKeyHash(egressKey: string): Buffer {
  return createHash("sha256").update(egressKey).digest();
}

/** `<slotId>.<generation>.<key>`: the value of X-Automna-Egress. */
export function formatEgressCredential(slotId: string, generation: number, egressKey: string): string {
  return `${slotId}.${generation}.${egressKey}`;
}

/** Null when the text is not of that form. */
export function parseEgressCredential(text: string): { slotId: string; generation: number; egressKey: string } | null {
  const match = /^(slt_[0-9a-z]{20})\.(\d{1,9})\.([\w-]{43})$/.exec(text);
  if (match === null) return null;
  const [, slotId = "", generation = "", egressKey = ""] = match;
  return { slotId, generation: Number(generation), egressKey };
}
