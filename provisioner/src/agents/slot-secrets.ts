import type { NewSlot } from "@automna/records/placements";
import type { SlotRecord } from "@automna/records/slots";
import { newId } from "@automna/service-kit/new-id";
import { seal, unseal, type KeyRing } from "@automna/service-kit/secret-box";
import { deriveSlotKey, egressKeyHash, newRootKey } from "@automna/service-kit/slot-keys";

export interface SlotKeyRings {
  /** Root keys: the provisioner's alone. */
  slots: KeyRing;
  /** What ingress may know of a slot; ingress has the same ring. */
  ingress: KeyRing;
  /** What the apps listener may know of a slot; it has the same ring. Without it no apps are served. */
  apps?: KeyRing | undefined;
}

/** Key generation of every new slot. */
const FIRST_GENERATION = 1;

/** A new slot's id and its keys, each sealed for the one who may open it (design D6). */
export function newSlotSecrets(rings: SlotKeyRings): Omit<NewSlot, "volumeMb" | "image"> {
  const id = newId("slt");
  const rootKey = newRootKey();
  const derive = (purpose: "ingress" | "proof" | "egress") => deriveSlotKey(rootKey, purpose, id, FIRST_GENERATION);
  const ingressKeys = JSON.stringify({ ingress: derive("ingress"), proof: derive("proof") });
  return {
    id,
    rootKeyEnvelope: seal(rings.slots, rootKey, { owner: id, kind: "slot_root_key" }),
    ingressKeyEnvelope: seal(rings.ingress, Buffer.from(ingressKeys), { owner: id, kind: "slot_ingress_keys" }),
    appsKeyEnvelope: sealAppsKeys(rings, { id, rootKey, keyGeneration: FIRST_GENERATION }) ?? undefined,
    egressKeyHash: egressKeyHash(derive("egress")),
  };
}

/** What the apps listener needs of a slot, sealed for it; null where there is no such listener. */
export function sealAppsKeys(
  rings: SlotKeyRings,
  { id, rootKey, keyGeneration }: { id: string; rootKey: Buffer; keyGeneration: number },
): Buffer | null {
  if (rings.apps === undefined) return null;
  const derive = (purpose: "apps" | "proof") => deriveSlotKey(rootKey, purpose, id, keyGeneration);
  const keys = JSON.stringify({ apps: derive("apps"), proof: derive("proof") });
  return seal(rings.apps, Buffer.from(keys), { owner: id, kind: "slot_apps_keys" });
}

export function openRootKey(rings: SlotKeyRings, slot: SlotRecord): Buffer {
  return unseal(rings.slots, slot.rootKeyEnvelope, { owner: slot.id, kind: "slot_root_key" });
}

/** The provisioner's own key to agentd: claim and status. */
export function controlKeyOf(rings: SlotKeyRings, slot: SlotRecord): string {
  return deriveSlotKey(openRootKey(rings, slot), "control", slot.id, slot.keyGeneration);
}
