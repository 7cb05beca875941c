import { AGENTD_APPS_PREFIX, agentdPaths, nonceSchema } from "@automna/contract/agentd";
import type { ErrorCode } from "@automna/contract/error-catalogue";
import { AGENTD_CONTROL_PREFIX } from "@automna/contract/paths";
import { isAppName } from "@automna/core/apps/app-name";
import { sameSecret } from "@automna/service-kit/slot-keys";

/** The keys that open something here (design D6): none opens what another does. */
export interface GateKeys {
  /** The proxy's: customers' traffic. */
  ingress: string;
  /** The provisioner's: claim and status. */
  control: string;
  /** The apps listener's: files of published apps. */
  apps: string;
}

export interface GateRequest {
  method: string;
  /** Request target as it came, query included. */
  target: string;
  internalHeader: string | undefined;
}

export type Passage =
  | { kind: "health"; nonce: string | null }
  | { kind: "claim" }
  | { kind: "prepare" }
  | { kind: "status" }
  | { kind: "abort" }
  | { kind: "app-list" }
  | { kind: "app"; name: string; path: string }
  | { kind: "gateway"; target: string }
  | { kind: "refused"; code: ErrorCode };

const refused = (code: ErrorCode): Passage => ({ kind: "refused", code });

/** Where a request goes. Pure; /healthz is the only thing that opens without a key. */
export function choosePassage(request: GateRequest, keys: GateKeys): Passage {
  // Absolute-form and other odd targets are parsed differently by different servers: none gets further.
  if (!request.target.startsWith("/") || request.target.startsWith("//")) return refused("bad_path");
  const [path, query] = splitOnce(request.target, "?");
  if (path === agentdPaths.health) return healthPassage(request.method, query);
  if (path.startsWith(AGENTD_CONTROL_PREFIX)) {
    return opens(request.internalHeader, keys.control)
      ? controlPassage(request.method, path)
      : refused("internal_header_invalid");
  }
  if (path.startsWith(AGENTD_APPS_PREFIX)) {
    return opens(request.internalHeader, keys.apps)
      ? appPassage(request.method, path)
      : refused("internal_header_invalid");
  }
  if (!opens(request.internalHeader, keys.ingress)) return refused("internal_header_invalid");
  if (path === agentdPaths.abort) return request.method === "POST" ? { kind: "abort" } : refused("method_not_allowed");
  if (path === agentdPaths.appList)
    return request.method === "GET" ? { kind: "app-list" } : refused("method_not_allowed");
  return { kind: "gateway", target: request.target };
}

function healthPassage(method: string, query: string): Passage {
  if (method !== "GET") return refused("method_not_allowed");
  const nonce = new URLSearchParams(query).get("nonce");
  if (nonce === null) return { kind: "health", nonce: null };
  return nonceSchema.safeParse(nonce).success ? { kind: "health", nonce } : refused("invalid_request");
}

function controlPassage(method: string, path: string): Passage {
  if (path === agentdPaths.claim) return method === "PUT" ? { kind: "claim" } : refused("method_not_allowed");
  if (path === agentdPaths.prepare) return method === "PUT" ? { kind: "prepare" } : refused("method_not_allowed");
  if (path === agentdPaths.status) return method === "GET" ? { kind: "status" } : refused("method_not_allowed");
  return refused("not_found");
}

function appPassage(method: string, path: string): Passage {
  if (method !== "GET" && method !== "HEAD") return refused("method_not_allowed");
  const rest = path.slice(AGENTD_APPS_PREFIX.length);
  const end = rest.indexOf("/");
  const name = rest.slice(0, Math.max(end, 0));
  return isAppName(name) ? { kind: "app", name, path: rest.slice(end) } : refused("not_found");
}

function opens(given: string | undefined, key: string): boolean {
  return sameSecret(given ?? "", key);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
