import type { IncomingHttpHeaders } from "node:http";
import { INTERNAL_HEADER_PREFIX } from "@automna/contract/headers";

/** Belong to one connection, never forwarded (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);
/** What a customer's request must not tell the gateway: sessions, and every claim about who or where they are. */
const withheld = new Set(["host", "origin", "cookie", "authorization", "forwarded", "via", "x-real-ip"]);
const withheldPrefixes = [INTERNAL_HEADER_PREFIX, "x-forwarded-", "x-openclaw-", "cf-"];

/** The gateway's only user. A constant, so that a running gateway can be given to a customer without a restart. */
export const OWNER = "owner";
export const OWNER_HEADER = "x-automna-owner";
/** The one origin that the gateway admits; agentd writes it in place of the browser's, which the proxy has checked. */
export const AGENT_ORIGIN = "https://agent.automna.internal";
/** Trusted-proxy mode wants a client address that is not loopback; this one is reserved for examples (RFC 5737). */
export const CLIENT_ADDRESS = "192.0.2.1";
/** What customers' traffic may do (design D8); the gateway intersects it literally with what `owner` has. */
export const CUSTOMER_SCOPES = ["operator.read", "operator.write", "operator.approvals", "operator.questions"] as const;

/** Headers that make a request agentd's own, in the gateway's eyes. `gateHeader` is known to these two only. */
export function trustedHeaders(gateHeader: string): Record<string, string> {
  return { [OWNER_HEADER]: OWNER, [gateHeader]: "1", "x-forwarded-for": CLIENT_ADDRESS };
}

/** A customer's request headers as the gateway may see them. */
export function gatewayRequestHeaders(
  headers: IncomingHttpHeaders,
  gateHeader: string,
): Record<string, string | string[]> {
  return {
    ...passOn(headers, (name) => withheld.has(name) || withheldPrefixes.some((prefix) => name.startsWith(prefix))),
    ...trustedHeaders(gateHeader),
    origin: AGENT_ORIGIN,
    "x-openclaw-scopes": CUSTOMER_SCOPES.join(","),
  };
}

/** The gateway's response headers as the proxy may see them; the proxy has its own, stricter list. */
export function customerResponseHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return passOn(headers, (name) => name === "set-cookie" || name.startsWith(INTERNAL_HEADER_PREFIX));
}

/** Everything but connection headers and what `withhold` names. */
export function passOn(
  headers: IncomingHttpHeaders,
  withhold: (name: string) => boolean,
): Record<string, string | string[]> {
  const named = new Set(
    (headers.connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name) || withhold(name)) continue;
    kept[name] = value;
  }
  return kept;
}
