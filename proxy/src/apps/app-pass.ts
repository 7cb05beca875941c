import { createHmac } from "node:crypto";
import { HOUR_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { readCookie } from "@automna/service-kit/cookies";
import { sameSecret } from "@automna/service-kit/slot-keys";

/** What a pass was given for. `by` changes when it must no longer count: the password's hash, or the owner's id. */
export interface PassFor {
  label: string;
  agentId: string;
  name: string;
  by: string;
}

export interface Passes {
  /** Each a Set-Cookie header. */
  givePassword: (passFor: PassFor) => string;
  giveOwner: (sessionId: string, passFor: PassFor) => string;
  /** False for none, another app's, a changed, outdated or withdrawn one. */
  hasPassword: (cookieHeader: string | undefined, passFor: PassFor) => boolean;
  /** The session that the owner came from; null as above. */
  ownerSession: (cookieHeader: string | undefined, passFor: PassFor) => string | null;
}

/** `__Host-`: browsers take it from this host alone, never from a sibling that sets a cookie for the whole domain. */
export const PASS_COOKIE = "__Host-automna_app";
const PASS_MS = 12 * HOUR_MS;
const FORM = /^v1\.(password|owner)\.(\d{1,12})\.(sess_\w{8,80}|-)\.([\w-]{43})$/;

type PassKind = "password" | "owner";
const NO_SESSION = "-";

/** Passes are sealed, not stored: any process that has the key knows them again. */
export function makePasses({ key, now }: { key: string; now: Clock }): Passes {
  const sealOf = (kind: PassKind, expiresS: string, sessionId: string, passFor: PassFor) => {
    const { label, agentId, name, by } = passFor;
    return createHmac("sha256", key)
      .update(JSON.stringify(["app-pass/v1", kind, expiresS, sessionId, label, agentId, name, by]))
      .digest("base64url");
  };
  const give = (kind: PassKind, sessionId: string, passFor: PassFor) => {
    const expiresS = String(Math.floor((now() + PASS_MS) / SECOND_MS));
    const value = `v1.${kind}.${expiresS}.${sessionId}.${sealOf(kind, expiresS, sessionId, passFor)}`;
    return `${PASS_COOKIE}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${PASS_MS / SECOND_MS}`;
  };
  const read = (cookieHeader: string | undefined, wanted: PassKind, passFor: PassFor): string | null => {
    const [, kind, expiresS = "", sessionId = "", seal = ""] =
      FORM.exec(readCookie(cookieHeader, PASS_COOKIE) ?? "") ?? [];
    if (kind !== wanted || Number(expiresS) * SECOND_MS <= now()) return null;
    return sameSecret(seal, sealOf(wanted, expiresS, sessionId, passFor)) ? sessionId : null;
  };
  return {
    givePassword: (passFor) => give("password", NO_SESSION, passFor),
    giveOwner: (sessionId, passFor) => give("owner", sessionId, passFor),
    hasPassword: (cookieHeader, passFor) => read(cookieHeader, "password", passFor) !== null,
    ownerSession: (cookieHeader, passFor) => read(cookieHeader, "owner", passFor),
  };
}
