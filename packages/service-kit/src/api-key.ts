import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { API_KEY_PREFIX } from "@automna/contract/api-keys";
import { newId } from "./new-id.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_BYTES = 32;
/** 62^43 > 2^256 and 62^6 > 2^32: neither a secret nor a checksum is cut. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(
  `^${API_KEY_PREFIX}([0-9a-z]{20})_([0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

export interface NewApiKey {
  id: string;
  /** What the customer sees once. */
  text: string;
  hash: Buffer;
}

/**
 * A fresh key: its id, 256 random bits and a checksum of both, by which a scanner tells a key from a text that only looks
 * like one without asking anybody.
 */
export function makeApiKey(): NewApiKey {
  const id = newId("key");
  const secret = toBase62(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_LENGTH);
  const body = `${API_KEY_PREFIX}${id.slice("key_".length)}_${secret}`;
  return { id, text: body + checksum(body), hash: hashOf(secret) };
}

/** The id and the secret's hash of a well-formed key; null for anything else. */
export function readApiKey(text: string): { id: string; hash: Buffer } | null {
  const [, id, secret, sum] = FORM.exec(text) ?? [];
  if (id === undefined || secret === undefined || sum === undefined) return null;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== sum) return null;
  return { id: `key_${id}`, hash: hashOf(secret) };
}

/** Compares in a time that tells nothing. */
export function isSameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The bearer token of a request when it wants to be a key, well formed or not; null for a session's or none. */
export function readBearerKey(authorization: string | undefined): string | null {
  const token = /^Bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  return token !== undefined && /^atm_/i.test(token) ? token : null;
}

// Fast on purpose: what is hashed has 256 random bits, which nobody guesses at any speed.
function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function checksum(body: string): string {
  return toBase62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function toBase62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = BASE62.charAt(Number(rest % 62n)) + text;
  return text;
}
