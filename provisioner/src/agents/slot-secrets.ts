import type { SlotRecord, SlotReservation } from "@automna/records/slots";
import { newId } from "@automna/service-kit/new-id";
import { seal, unseal, type KeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, newRootKey } from "@automna/service-kit/slot-keys";

export interface SlotKeyRings {
  /** Root keys: the provisioner's alone. */
  slots: KeyRing;
  /** What ingress may know of a slot; ingress has the same ring. */
  ingress: KeyRing;
}

/** Key generation of every new slot. */
const FIRST_GENERATION = 1;

/** A new slot's id and its keys, each sealed for the one who may open it (design D6). */
export function newSlotSecrets(rings: SlotKeyRings): SlotReservation["slot"] {
  const id = newId("slt");
  const rootKey = newRootKey();
  const derive = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(rootKey, purpose, id, FIRST_GENERATION);
  const ingressKeys = JSON.stringify({ ingress: derive("ingress"), proof: derive("proof") });
  return {
    id,
    rootKeyEnvelope: seal(rings.slots, rootKey, { owner: id, kind: "slot_root_key" }),
    ingressKeyEnvelope: seal(rings.ingress, Buffer.from(ingressKeys), { owner: id, kind: "slot_ingress_keys" }),
    egressKeyHash: egressKeyHash(derive("egress")),
  };
}

export function openRootKey(rings: SlotKeyRings, slot: SlotRecord): Buffer {
  return unseal(rings.slots, slot.rootKeyEnvelope, { owner: slot.id, kind: "slot_root_key" });
}

/** The provisioner's own key to agentd: claim and status. */
export function controlKeyOf(rings: SlotKeyRings, slot: SlotRecord): string {
  return deriveSlotKey(openRootKey(rings, slot), "control", slot.id, slot.keyGeneration);
}
