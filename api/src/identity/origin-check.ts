import type { IncomingHttpHeaders } from "node:http";
import type { ApiRoute } from "@automna/contract/api-routes";

export interface OriginFacts {
  method: string;
  headers: IncomingHttpHeaders;
  access: ApiRoute["access"];
  /** The platform's own origin. */
  origin: string;
}

/**
 * Did our own pages send this? Whatever the browser says about where a request comes from must be right, and one that
 * changes something must say it. A program without cookies that shows its token itself says nothing and needs not:
 * nobody can make a browser do that for them (design D8).
 */
export function isFromOwnOrigin({ method, headers, access, origin }: OriginFacts): boolean {
  // A vendor's server: its signature says where the delivery comes from, and no browser can make one.
  if (access === "webhook") return true;
  // Nothing that a browser carries counts there: another site's page can do no more than anybody's program.
  if (access === "open") return true;
  const isSafe = method === "GET" || method === "HEAD";
  if (isSafe && access === "public") return true;
  const { origin: sender, "sec-fetch-site": site } = headers;
  if (sender !== undefined && sender !== origin) return false;
  // `none` is the address bar; a POST never comes from there.
  const isSiteRight = site === "same-origin" || (isSafe && site === "none");
  if (site !== undefined && !isSiteRight) return false;
  const saysNothing = sender === undefined && site === undefined;
  if (isSafe || !saysNothing) return true;
  return headers.cookie === undefined && headers.authorization !== undefined;
}
