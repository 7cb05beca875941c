import { createHmac } from "node:crypto";
import type { KeyRing } from "./secret-box.ts";
import { sameSecret } from "./slot-keys.ts";

/** What a link may be used for; a token for one opens nothing else. */
export type TokenPurpose = "waitlist-confirm" | "waitlist-leave";

export interface SignedToken {
  purpose: TokenPurpose;
  /** Whom or what it is about. */
  subject: string;
  expiresAtMs: number;
}

/** `<key id>.<subject>.<expiresAtMs>.<signature>`, its text parts in base64url: for links that are sent by mail. */
export function makeSignedToken(ring: KeyRing, { purpose, subject, expiresAtMs }: SignedToken): string {
  const text = `${encode(ring.primary)}.${encode(subject)}.${expiresAtMs}`;
  return `${text}.${sign(ring, ring.primary, purpose, text)}`;
}

/** The subject of a token that we made for this purpose and that has not expired; null otherwise. */
export function readSignedToken(ring: KeyRing, purpose: TokenPurpose, token: string, nowMs: number): string | null {
  const match = /^([\w-]{1,64})\.([\w-]{1,200})\.(\d{1,15})\.([\w-]{43})$/.exec(token);
  if (match === null) return null;
  const [, keyId = "", subject = "", expires = "", signature = ""] = match;
  const id = Buffer.from(keyId, "base64url").toString("utf8");
  if (!ring.keys.has(id)) return null;
  if (!sameSecret(signature, sign(ring, id, purpose, `${keyId}.${subject}.${expires}`))) return null;
  return Number(expires) > nowMs ? Buffer.from(subject, "base64url").toString("utf8") : null;
}

/**
 * Recognises a value without keeping it, e.g. the network of a sign-up. Keyed, because addresses are few enough to try them
 * all; with another primary key the same value has another mark.
 */
export function markOf(ring: KeyRing, purpose: "network" | "card", value: string): string {
  return sign(ring, ring.primary, purpose, value).slice(0, 22);
}

/** The ring seals other things too: each use has a key of its own, derived from it. */
function sign(ring: KeyRing, keyId: string, purpose: string, text: string): string {
  const key = ring.keys.get(keyId);
  if (key === undefined) throw new Error(`key ${keyId} is not in the key ring`);
  const derived = createHmac("sha256", key).update(`automna/v1/link/${purpose}`).digest();
  return createHmac("sha256", derived).update(text).digest("base64url");
}

function encode(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}
