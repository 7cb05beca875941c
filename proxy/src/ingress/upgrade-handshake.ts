import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { hasBody } from "./request-framing.ts";
import type { ResponseHead } from "./response-head.ts";

/** RFC 6455, 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** The client's key. Throws `invalid_request` unless this is exactly the WebSocket handshake of RFC 6455, 4.2.1. */
export function readUpgradeKey(request: { method?: string | undefined; headers: IncomingHttpHeaders }): string {
  const { headers } = request;
  const key = headers["sec-websocket-key"];
  const isUpgrade = request.method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
  const isVersion13 = headers["sec-websocket-version"] === "13";
  if (!isUpgrade || !isVersion13 || key === undefined || !KEY.test(key) || hasBody(request))
    throw appError("invalid_request");
  return key;
}

export function newUpgradeKey(): string {
  return randomBytes(16).toString("base64");
}

function acceptFor(key: string): string {
  return createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
}

/** Our own request to the backend: one clean upgrade, whatever the client's looked like. `headers` is a flat list. */
export function formatUpgradeRequest(
  target: { path: string; host: string; key: string },
  headers: readonly string[],
): string {
  let text = `GET ${target.path} HTTP/1.1\r\nhost: ${target.host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${target.key}\r\nsec-websocket-version: 13\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}

/** True when the backend's answer completes the handshake that we began with `key` (RFC 6455, 4.1). */
export function isUpgradeAccepted({ status, headers }: ResponseHead, key: string): boolean {
  return (
    status === 101 &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    /\bupgrade\b/i.test(headers.get("connection") ?? "") &&
    headers.get("sec-websocket-accept") === acceptFor(key)
  );
}

/** Our answer to the client. Of the backend's headers only what was negotiated, and only from what the client offered. */
export function formatUpgradeAnswer(
  client: { key: string; headers: IncomingHttpHeaders },
  backend: ResponseHead,
): string {
  let text = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(client.key)}\r\n`;
  for (const name of ["sec-websocket-protocol", "sec-websocket-extensions"] as const) {
    const agreed = backend.headers.get(name);
    if (agreed !== undefined && isOffered(agreed, client.headers[name])) text += `${name}: ${agreed}\r\n`;
  }
  return `${text}\r\n`;
}

/** True when every protocol or extension in `agreed` is among the offered ones, whatever its parameters. */
function isOffered(agreed: string, offered: string | undefined): boolean {
  const names = (list: string) => list.split(",").map((item) => item.split(";", 1)[0]?.trim());
  const known = new Set(names(offered ?? ""));
  return names(agreed).every((name) => name !== "" && known.has(name));
}
