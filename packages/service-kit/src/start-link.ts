import { createHmac } from "node:crypto";
import { sameSecret } from "./slot-keys.ts";

/** Where the local issuer takes a start link (design D11). */
const START_PATH = "/api/identity/local/start";

/** What a start link says: usable once, until then. */
export interface StartToken {
  nonce: string;
  expiresAtMs: number;
}

/** `<nonce>.<expiresAtMs>.<base64url HMAC-SHA256(key, nonce.expiresAtMs)>`; the nonce may hold no dot. */
export function makeStartToken(key: string, { nonce, expiresAtMs }: StartToken): string {
  const text = `${nonce}.${expiresAtMs}`;
  return `${text}.${sign(key, text)}`;
}

/** The token's content when we made it and it has not expired; null otherwise. Using it once is the caller's business. */
export function readStartToken(key: string, token: string, nowMs: number): StartToken | null {
  const match = /^([\w-]{16,64})\.(\d{1,15})\.([\w-]{43})$/.exec(token);
  if (match === null) return null;
  const [, nonce = "", expires = "", signature = ""] = match;
  if (!sameSecret(signature, sign(key, `${nonce}.${expires}`))) return null;
  const expiresAtMs = Number(expires);
  return expiresAtMs > nowMs ? { nonce, expiresAtMs } : null;
}

/** The link that a person opens. */
export function startLink(origin: string, token: string): string {
  return `${origin}${START_PATH}?token=${encodeURIComponent(token)}`;
}

function sign(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}
