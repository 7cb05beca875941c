import type { IncomingMessage } from "node:http";
import { isAppError } from "@automna/core/shared/app-error";
import type { Database } from "@automna/records/database";
import { readCookie } from "@automna/service-kit/cookies";
import type { Handlers } from "../http/routes.ts";
import { identifySession } from "./caller.ts";
import type { Guards } from "./guards.ts";
import { ADMISSION_COOKIE } from "./local/local-cookies.ts";
import { readMe } from "./read-me.ts";

export interface IdentityHandlerDeps {
  db: Database;
  guards: Guards;
  issuer: "local" | "clerk";
  clerkPublishableKey: string | null;
}

export function makeIdentityHandlers(deps: IdentityHandlerDeps): Pick<Handlers, "identity" | "me"> {
  const { db, guards, issuer, clerkPublishableKey } = deps;
  return {
    identity: async ({ request }) => ({
      issuer,
      admitted: isAdmitted(guards, request),
      signedIn: await isSignedIn(guards, request),
      clerkPublishableKey,
    }),
    me: ({ caller }) => readMe(db, caller),
  };
}

/** True when the browser came through a start link. */
export function isAdmitted(guards: Pick<Guards, "checkAdmission">, request: IncomingMessage): boolean {
  try {
    guards.checkAdmission(readCookie(request.headers.cookie, ADMISSION_COOKIE));
    return true;
  } catch (error) {
    if (isAppError(error, "browser_not_admitted")) return false;
    throw error;
  }
}

async function isSignedIn(guards: Guards, request: IncomingMessage): Promise<boolean> {
  try {
    await identifySession(guards, request);
    return true;
  } catch (error) {
    if (isAppError(error) && error.kind === "user") return false;
    throw error;
  }
}
