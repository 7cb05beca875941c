import type { IncomingHttpHeaders } from "node:http";
import { appError } from "@automna/contract/error-catalogue";

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Throws `wrong_origin` for a request that another site could have caused. A cookie comes by itself, so a change
 * needs the browser's word for where it comes from; a bearer token is only sent by who holds it.
 */
export function assertOwnOrigin(
  request: { method?: string | undefined; headers: IncomingHttpHeaders },
  origin: string,
): void {
  const { headers } = request;
  const site = headers["sec-fetch-site"];
  if (headers.origin !== undefined && headers.origin !== origin) throw appError("wrong_origin");
  // `same-site` is a sibling domain: users' published apps may live on one.
  if (site !== undefined && site !== "same-origin" && site !== "none") throw appError("wrong_origin");
  if (readingMethods.has(request.method ?? "") || headers.authorization !== undefined) return;
  if (headers.origin === undefined && site !== "same-origin") throw appError("wrong_origin");
}

/** Throws `wrong_origin` unless the socket is opened from our own pages: browsers don't apply CORS to WebSockets. */
export function assertOwnSocketOrigin(headers: IncomingHttpHeaders, origin: string): void {
  if (headers.origin !== origin) throw appError("wrong_origin");
}
