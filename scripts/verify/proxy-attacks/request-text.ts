import { ORIGIN } from "../../../proxy/test/ingress-harness.ts";
import type { Evidence, Lane } from "./attack-case.ts";

export const HOST = new URL(ORIGIN).host;

/** A request that nobody asked for: where a backend reads it, a connection was read in two ways. */
export const HIDDEN = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
export const isHiddenSeen = ({ anna, bert }: Evidence): boolean =>
  [...anna, ...bert].some(({ method, target, headers }) =>
    JSON.stringify([method, target, headers]).includes("/hidden"),
  );

export const mine = ({ anna }: Lane, rest = "/x"): string => `/a/${anna.userId}${rest}`;

export interface RequestParts {
  method?: string;
  target?: string;
  version?: string;
  /** In place of what a page of ours would send. */
  host?: string | null;
  origin?: string | null;
  cookie?: string | null;
  lines?: readonly string[];
  body?: string;
  /** Between lines. */
  lineEnd?: string;
}

/** anna's request, as her browser would send it but for what is given. */
export function requestText(lane: Lane, parts: RequestParts = {}): string {
  const { method = "GET", target = mine(lane), version = "HTTP/1.1", lines = [], body = "", lineEnd = "\r\n" } = parts;
  const { host = HOST, origin = ORIGIN, cookie = lane.anna.cookie } = parts;
  const named = [
    ["host", host],
    ["origin", origin],
    ["cookie", cookie],
  ].flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}: ${value}`]));
  return [`${method} ${target} ${version}`, ...named, ...lines, "", body].join(lineEnd);
}

export const upgradeLines = [
  "connection: Upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
] as const;

/** A handshake with some of its lines replaced: `null` leaves one out. */
export function upgradeText(lane: Lane, change: Record<string, string | null> = {}, parts: RequestParts = {}): string {
  const lines = upgradeLines.flatMap((line) => {
    const name = line.slice(0, line.indexOf(":"));
    const changed = change[name];
    return changed === undefined ? [line] : changed === null ? [] : [`${name}: ${changed}`];
  });
  return requestText(lane, { target: mine(lane, "/ws"), ...parts, lines: [...lines, ...(parts.lines ?? [])] });
}

export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
export const LAST_CHUNK = "0\r\n\r\n";

/** True when a backend got a request at all. */
export const hasArrived = ({ anna, bert }: Evidence): boolean => anna.length + bert.length > 0;

/** True when a backend got a header with this text in its value, under this name or any. */
export function hasHeader({ anna, bert }: Evidence, text: string, name?: string): boolean {
  return [...anna, ...bert].some(({ headers }) =>
    headers.some(([one, value]) => (name === undefined || one === name) && value.includes(text)),
  );
}

/** The head of the last whole answer: status and headers in lower case. Null while there is none. */
export function readAnswer({ answer }: Evidence): { status: number; headers: [string, string][] } | null {
  const end = answer.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [statusLine = "", ...lines] = answer.slice(0, end).split("\r\n");
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(":")).toLowerCase(),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  return { status: Number(statusLine.split(" ")[1]), headers };
}
