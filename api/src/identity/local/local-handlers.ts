import type { KeyObject } from "node:crypto";
import { isAppError } from "@automna/core/shared/app-error";
import type { Clock } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import type { UserRole } from "@automna/contract/identity";
import type { Database } from "@automna/records/database";
import { endSession } from "@automna/records/sessions";
import { readCookie } from "@automna/service-kit/cookies";
import type { Request, Response } from "express";
import type { Handlers } from "../../http/routes.ts";
import type { Guards } from "../guards.ts";
import { isAdmitted } from "../identity-handlers.ts";
import { readMe } from "../read-me.ts";
import { readSessionToken } from "../session-token.ts";
import { makeAdmission } from "./admission.ts";
import { ADMISSION_COOKIE, ADMISSION_LIVES_MS, makeLocalCookies, REFRESH_COOKIE } from "./local-cookies.ts";
import { findLocalSession, openLocalSession, type LocalSession } from "./local-sessions.ts";
import { signSessionToken, type SessionToken } from "./sign-session-token.ts";

/** What the local issuer signs with. */
export interface LocalIssuer {
  signingKey: KeyObject;
  sessionIssuer: string;
  startKey: string;
  /** E-mail addresses of operators. Who has the start link may sign in as anybody, so this keeps no one out of anything. */
  operators: readonly string[];
}

export interface LocalHandlerDeps {
  db: Database;
  guards: Guards;
  local: LocalIssuer;
  origin: string;
  limitSignIn: (address: string) => void;
  now: Clock;
}

export type LocalHandlers = Pick<Handlers, "localStart" | "localSignIn" | "localToken" | "localSignOut">;

export function makeLocalHandlers({ db, guards, local, origin, limitSignIn, now }: LocalHandlerDeps): LocalHandlers {
  const cookies = makeLocalCookies(origin);

  const giveToken = (response: Response, session: LocalSession): SessionToken & { role: UserRole } => {
    const role = local.operators.includes(session.email) ? "operator" : "customer";
    const token = signSessionToken({ ...local, origin }, { ...session, role }, now());
    cookies.setSession(response, token, now());
    return { ...token, role };
  };

  return {
    async localStart({ request, response, query }) {
      // Somebody's preview of the link must not use it up.
      const isPreview =
        request.method === "HEAD" ||
        request.headers["sec-purpose"] !== undefined ||
        request.headers["purpose"] !== undefined;
      if (isPreview) throw appError("start_link_invalid");
      await guards.spendStartToken(query.token).catch((error: unknown) => {
        // The same browser again, e.g. by its back button: it is in already.
        if (!isAppError(error, "start_link_invalid") || !isAdmitted(guards, request)) throw error;
      });
      cookies.setAdmission(response, makeAdmission(local.startKey, now() + ADMISSION_LIVES_MS));
      response.set("location", "/sign-in");
    },

    async localSignIn({ request, response, body }) {
      limitSignIn(request.socket.remoteAddress ?? "");
      guards.checkAdmission(readCookie(request.headers.cookie, ADMISSION_COOKIE));
      const session = await openLocalSession(db, body, now());
      // Who signs in again leaves the session before: nobody could end it any more.
      await endOldSession(db, readCookie(request.headers.cookie, REFRESH_COOKIE), now());
      cookies.setRefresh(response, session.refreshSecret, session.lifetimeMs);
      const { expiresAtMs, role } = giveToken(response, session);
      return readMe(db, { ...session, expiresAtMs, role });
    },

    async localToken({ request, response }) {
      const secret = readCookie(request.headers.cookie, REFRESH_COOKIE);
      if (secret === null) throw appError("not_signed_in");
      const session = await findLocalSession(db, secret, now()).catch((error: unknown) => {
        if (isAppError(error)) cookies.clearSession(response);
        throw error;
      });
      return { expiresAtMs: giveToken(response, session).expiresAtMs };
    },

    async localSignOut({ request, response }) {
      await endOldSession(db, readCookie(request.headers.cookie, REFRESH_COOKIE), now());
      const sessionId = await sessionOfToken(guards, request);
      if (sessionId !== null) await endSession(db, sessionId, new Date(now()));
      cookies.clearSession(response);
    },
  };
}

async function endOldSession(db: Database, refreshSecret: string | null, now: number): Promise<void> {
  if (refreshSecret === null) return;
  try {
    const { sessionId } = await findLocalSession(db, refreshSecret, now);
    await endSession(db, sessionId, new Date(now));
  } catch (error) {
    // It is over already.
    if (!isAppError(error)) throw error;
  }
}

/** The session that the request's token names; null for a token that opens nothing. */
async function sessionOfToken(guards: Guards, request: Request): Promise<string | null> {
  try {
    return (await guards.verifySession(readSessionToken(request.headers))).sid;
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}

/** With an outside issuer there is nothing at these addresses. */
export function makeAbsentLocalHandlers(): LocalHandlers {
  const absent = async () => {
    throw appError("not_found");
  };
  return { localStart: absent, localSignIn: absent, localToken: absent, localSignOut: absent };
}
