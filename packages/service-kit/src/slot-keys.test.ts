import { expect, test } from "vitest";
import {
  deriveSlotKey,
  formatEgressCredential,
  identityProof,
  parseEgressCredential,
  sameSecret,
  type SlotKeyPurpose,
} from "./slot-keys.ts";

const root = Buffer.alloc(32, 1);
const purposes: SlotKeyPurpose[] = ["ingress", "proof", "egress", "control"];

test("no two purposes, slots, generations or roots share a key", () => {
  const keys = purposes.flatMap((purpose) => [
    deriveSlotKey(root, purpose, "slt_a", 1),
    deriveSlotKey(root, purpose, "slt_a", 2),
    deriveSlotKey(root, purpose, "slt_b", 1),
    deriveSlotKey(Buffer.alloc(32, 2), purpose, "slt_a", 1),
  ]);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a proof holds for one nonce, slot, generation and agent", () => {
  const key = deriveSlotKey(root, "proof", "slt_a", 1);
  const proofs = [
    identityProof(key, "aa", "slt_a", 1, "agt_1"),
    identityProof(key, "ab", "slt_a", 1, "agt_1"),
    identityProof(key, "aa", "slt_a", 1, "agt_2"),
    identityProof(key, "aa", "slt_a", 1, null),
    identityProof(key, "aa", "slt_a", 2, "agt_1"),
  ];
  expect(new Set(proofs).size).toBe(proofs.length);
});

test("secrets of different length compare as different instead of throwing", () => {
  expect(sameSecret("abc", "abcd")).toBe(false);
  expect(sameSecret("abc", "abc")).toBe(true);
  expect(sameSecret("", "")).toBe(true);
});

test("an egress credential is read back, anything else is null", () => {
  const key = deriveSlotKey(root, "egress", "slt_a", 3);
  const slotId = `slt_${"0".repeat(20)}`;
  expect(parseEgressCredential(formatEgressCredential(slotId, 3, key))).toEqual({
    slotId,
    generation: 3,
    egressKey: key,
  });
  for (const bad of [
    "",
    "slt_a.1.x",
    `${slotId}.1`,
    `${slotId}.-1.${key}`,
    `${slotId}.1.${key} `,
    `x${slotId}.1.${key}`,
  ]) {
    expect(parseEgressCredential(bad), bad).toBeNull();
  }
});
