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

/** The bodies of all whole answers, as a browser reads them: by their length or their chunks. */
export function readBodies({ answer }: Evidence): string[] {
  const bodies: string[] = [];
  let rest = answer;
  for (;;) {
    const headEnd = rest.indexOf("\r\n\r\n");
    if (headEnd === -1) return bodies;
    const [head, after] = [rest.slice(0, headEnd), rest.slice(headEnd + 4)];
    const isChunked = /^transfer-encoding: *chunked/im.test(head);
    const length = /^HTTP\/1\.1 (?:1|204|304)/.test(head)
      ? 0
      : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const read = isChunked ? readChunks(after) : { body: after.slice(0, length), rest: after.slice(length) };
    bodies.push(read.body);
    rest = read.rest;
  }
}

function readChunks(text: string): { body: string; rest: string } {
  let [body, rest] = ["", text];
  for (;;) {
    const size = Number.parseInt(rest, 16) || 0;
    const start = rest.indexOf("\r\n") + 2;
    body += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
    if (size === 0) return { body, rest };
  }
}
