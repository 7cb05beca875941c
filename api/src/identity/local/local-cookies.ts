import type { CookieOptions, Response } from "express";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { DAY_MS } from "@automna/core/shared/clock";
import type { SessionToken } from "./sign-session-token.ts";

/** Says that this browser came through a start link. */
export const ADMISSION_COOKIE = "automna_admitted";
/** Buys session tokens until its session ends. */
export const REFRESH_COOKIE = "automna_local";
export const ADMISSION_LIVES_MS = 30 * DAY_MS;

export interface LocalCookies {
  setAdmission: (response: Response, admission: string) => void;
  setRefresh: (response: Response, secret: string, lifetimeMs: number) => void;
  setSession: (response: Response, token: SessionToken, now: number) => void;
  clearSession: (response: Response) => void;
}

/** The three cookies of the local issuer, all out of reach of scripts. */
export function makeLocalCookies(origin: string): LocalCookies {
  const secure = origin.startsWith("https:");
  const common = { httpOnly: true, secure } satisfies CookieOptions;
  const admissionOptions = { ...common, sameSite: "strict", path: "/api/identity" } satisfies CookieOptions;
  const refresh = { ...common, sameSite: "strict", path: "/api/identity/local" } satisfies CookieOptions;
  // Lax, so that a link from elsewhere into the dashboard arrives signed in.
  const session = { ...common, sameSite: "lax", path: "/" } satisfies CookieOptions;
  return {
    setAdmission: (response, admission) =>
      void response.cookie(ADMISSION_COOKIE, admission, { ...admissionOptions, maxAge: ADMISSION_LIVES_MS }),
    setRefresh: (response, secret, lifetimeMs) =>
      void response.cookie(REFRESH_COOKIE, secret, { ...refresh, maxAge: lifetimeMs }),
    setSession: (response, { token, expiresAtMs }, now) =>
      void response.cookie(SESSION_COOKIE, token, { ...session, maxAge: Math.max(0, expiresAtMs - now) }),
    clearSession(response) {
      response.clearCookie(REFRESH_COOKIE, refresh);
      response.clearCookie(SESSION_COOKIE, session);
    },
  };
}
