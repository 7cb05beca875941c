import { appHostPaths, appTicketSchema } from "@automna/contract/apps";
import { appError } from "@automna/contract/error-catalogue";
import { readPath } from "../ingress/request-target.ts";

/** What is asked of an app's host. */
export type AppTarget =
  | { kind: "file"; path: string }
  /** The owner comes in by a ticket. */
  | { kind: "enter"; ticket: string }
  /** A password was typed. */
  | { kind: "password" };

const TARGET_MAX_LENGTH = 4_096;
/** RFC 3986 `pchar` and `/` in the path; in the query also what browsers leave unescaped there. */
const TARGET = /^((?:\/[\w\-.~!$&'()*+,;=:@%]*)+)(\?[\w\-.~!$&'()*+,;=:@%/?[\]{}|^`]*)?$/;
/** No app has a name with a dot in front, so that our own addresses are nobody's. */
const HIDDEN_SEGMENT = /\/\./;

/**
 * Reads a raw request target by the rules of ingress (request-target.ts). Throws `bad_path`, or `not_found` for what no app
 * has. A query goes no further: files have none.
 */
export function parseAppTarget(raw: string): AppTarget {
  const match = raw.length <= TARGET_MAX_LENGTH ? TARGET.exec(raw) : null;
  if (match === null) throw appError("bad_path");
  const [, path = "", query = ""] = match;
  if (path === appHostPaths.password) return { kind: "password" };
  if (path === appHostPaths.enter) {
    const ticket = appTicketSchema.safeParse(new URLSearchParams(query).get("ticket"));
    if (ticket.success) return { kind: "enter", ticket: ticket.data };
  }
  if (HIDDEN_SEGMENT.test(readPath(path))) throw appError("not_found");
  return { kind: "file", path };
}
