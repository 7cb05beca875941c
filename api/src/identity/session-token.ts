import type { IncomingHttpHeaders } from "node:http";
import { SESSION_COOKIE } from "@automna/contract/identity";
import { readCookie } from "@automna/service-kit/cookies";

/** The session token that a request carries: `Authorization: Bearer …` goes before the cookie; null without either. */
export function readSessionToken(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.authorization ?? "");
  return bearer?.[1] ?? readCookie(headers.cookie, SESSION_COOKIE);
}
