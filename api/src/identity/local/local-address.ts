import type { IncomingMessage } from "node:http";

/** Headers that only a proxy or tunnel sets: then the caller is not at this machine. */
const FORWARDED_HEADER = /^(forwarded|x-forwarded(-.*)?|x-real-ip|x-original-host|true-client-ip|cf-.*)$/;

/**
 * True for a request that came straight to the origin of this machine: exactly its Host, nothing forwarded. A page
 * that rebinds its own name to 127.0.0.1 shows its name as Host; a tunnel shows its headers (design D11).
 */
export function isLocalRequest(request: Pick<IncomingMessage, "headersDistinct">, origin: string): boolean {
  const hosts = request.headersDistinct["host"] ?? [];
  const [host] = hosts;
  if (hosts.length !== 1 || host?.toLowerCase() !== new URL(origin).host) return false;
  return !Object.keys(request.headersDistinct).some((name) => FORWARDED_HEADER.test(name));
}
