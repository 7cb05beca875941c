import type { IncomingMessage } from "node:http";
import {
  fencingSchema,
  FENCING_HEADER,
  nodekeeperRoutes,
  type NodekeeperRouteName,
} from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";

/** What a request asks for, every part of it checked. */
export interface ReadTarget {
  name: NodekeeperRouteName;
  /** Empty for routes without a slot. */
  slotId: string;
  snapshot: string;
  query: unknown;
}

const BODY_MAX_BYTES = 4_096;
const routeNames = Object.keys(nodekeeperRoutes) as NodekeeperRouteName[];

const patterns = routeNames.map((name) => ({
  name,
  method: nodekeeperRoutes[name].method as string,
  pattern: new RegExp(
    `^${nodekeeperRoutes[name].path
      .replace(":slotId", "(?<slotId>slt_[0-9a-z]{20})")
      .replace(":snapshot", "(?<snapshot>[a-z0-9][a-z0-9_-]{0,63})")}$`,
  ),
}));

/** Finds the route of a request target that is one of ours to the letter. Throws `not_found`, `invalid_request`. */
export function readTarget(method: string, url: string): ReadTarget {
  const [path = "", queryText, ...rest] = url.split("?");
  if (rest.length > 0) throw appError("invalid_request");
  for (const { name, method: wanted, pattern } of patterns) {
    const found = method === wanted ? pattern.exec(path) : null;
    if (found === null) continue;
    const query = nodekeeperRoutes[name].query.safeParse(readQuery(queryText ?? ""));
    if (!query.success) throw appError("invalid_request", { cause: query.error });
    return {
      name,
      slotId: found.groups?.["slotId"] ?? "",
      snapshot: found.groups?.["snapshot"] ?? "",
      query: query.data,
    };
  }
  throw appError("not_found");
}

function readQuery(text: string): Record<string, string> {
  const pairs = [...new URLSearchParams(text)];
  const query = Object.fromEntries(pairs);
  if (Object.keys(query).length !== pairs.length) throw appError("invalid_request");
  return query;
}

/** Null for a route that changes nothing. Throws `invalid_request` for a changing one without a number. */
export function readFencing(request: IncomingMessage, name: NodekeeperRouteName): bigint | null {
  if (!nodekeeperRoutes[name].isChanging) return null;
  const fencing = fencingSchema.safeParse(request.headers[FENCING_HEADER]);
  if (!fencing.success) throw appError("invalid_request", { details: { header: FENCING_HEADER } });
  return fencing.data;
}

/** The JSON body in the route's shape; an empty one is `{}`. Throws `body_too_large`, `invalid_request`. */
export async function readBody(request: IncomingMessage, name: NodekeeperRouteName): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX_BYTES) throw appError("body_too_large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const body = nodekeeperRoutes[name].body.safeParse(text === "" ? {} : parseJson(text));
  if (!body.success) throw appError("invalid_request", { cause: body.error });
  return body.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
