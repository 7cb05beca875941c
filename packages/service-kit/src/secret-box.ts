import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { appError } from "@automna/contract/error-catalogue";
import { z } from "zod";

/**
 * Sealed values (design D13): AES-256-GCM, `version | key id length | key id | nonce (12) | tag (16) | ciphertext`.
 * The owner and the kind are authenticated with it, so that an envelope that is moved to another row won't open.
 */
const VERSION = 1;
/** NIST SP 800-38D: 96-bit nonces, random, far below 2^32 messages per key here. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface KeyRing {
  /** The key that seals. */
  primary: string;
  /** Key id → 32 bytes; older keys only open. */
  keys: ReadonlyMap<string, Buffer>;
}

/** What an envelope belongs to; both parts are authenticated, none is stored in it. */
export interface SealedFor {
  owner: string;
  kind: "model_key" | "slot_root_key" | "slot_ingress_keys" | "slot_apps_keys";
}

const keyRingSchema = z.object({
  primary: z.string().min(1).max(32),
  keys: z.record(z.string(), z.base64()),
});

/** Parses `{"primary":"k1","keys":{"k1":"<base64 of 32 bytes>"}}`. Throws on anything else. */
export function parseKeyRing(json: string): KeyRing {
  const parsed = keyRingSchema.parse(JSON.parse(json));
  const keys = new Map(Object.entries(parsed.keys).map(([id, value]) => [id, Buffer.from(value, "base64")]));
  for (const [id, key] of keys)
    if (key.length !== KEY_BYTES) throw new Error(`key ${id} is not ${KEY_BYTES} bytes long`);
  if (!keys.has(parsed.primary)) throw new Error(`primary key ${parsed.primary} is not in the key ring`);
  return { primary: parsed.primary, keys };
}

/** A new ring with one random key, as the JSON that parseKeyRing reads. */
export function newKeyRingJson(): string {
  return JSON.stringify({ primary: "k1", keys: { k1: randomBytes(KEY_BYTES).toString("base64") } });
}

/** Seals `plain` for its owner and kind with the ring's primary key. */
export function seal(ring: KeyRing, plain: Uint8Array, sealedFor: SealedFor): Buffer {
  const key = ring.keys.get(ring.primary);
  if (key === undefined) throw new Error(`primary key ${ring.primary} is not in the key ring`);
  const keyId = Buffer.from(ring.primary, "utf8");
  const header = Buffer.concat([Buffer.from([VERSION, keyId.length]), keyId]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(header, sealedFor));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([header, nonce, cipher.getAuthTag(), body]);
}

/** Opens an envelope. Throws `envelope_unreadable` for a wrong owner, kind, key, version or a changed byte. */
export function unseal(ring: KeyRing, envelope: Uint8Array, sealedFor: SealedFor): Buffer {
  const bytes = Buffer.from(envelope);
  const keyIdLength = bytes[1] ?? 0;
  const headerLength = 2 + keyIdLength;
  const bodyStart = headerLength + NONCE_BYTES + TAG_BYTES;
  const key = ring.keys.get(bytes.subarray(2, headerLength).toString("utf8"));
  if (bytes[0] !== VERSION || bytes.length < bodyStart || key === undefined) throw appError("envelope_unreadable");
  const nonce = bytes.subarray(headerLength, headerLength + NONCE_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(headerLength + NONCE_BYTES, bodyStart));
  decipher.setAAD(additionalData(bytes.subarray(0, headerLength), sealedFor));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(bodyStart)), decipher.final()]);
  } catch (cause) {
    throw appError("envelope_unreadable", { cause });
  }
}

function additionalData(header: Buffer, { owner, kind }: SealedFor): Buffer {
  // Hashing keeps the parts apart: no choice of owner can look like another kind.
  const digest = createHash("sha256")
    .update(JSON.stringify([owner, kind]))
    .digest();
  return Buffer.concat([header, digest]);
}
