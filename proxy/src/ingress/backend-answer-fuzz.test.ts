import { request, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { AnswerReader } from "./backend-answer.ts";

/**
 * The reader against Node's own strict parser, on answers that were broken at random: what Node refuses we refuse, and
 * what we accept Node reads in the same way. We may refuse more.
 */
const SEED = 20_261_122;
const COUNT = 6_000;

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const lines = (...parts: string[]) => parts.join("\r\n");
const ok = "HTTP/1.1 200 OK";
const wholeAnswers = [
  lines(ok, "Content-Type: text/plain", "Content-Length: 5", "", "hello"),
  lines(ok, 'ETag: "a"', "transfer-encoding: chunked", "", "3", "hel", "a", "0123456789", "0", "", ""),
  lines(ok, "Transfer-Encoding: chunked", "", "2", "ok", "0", "x-sum: 1", "", ""),
  lines("HTTP/1.1 204 No Content", "x: y", "", ""),
  lines("HTTP/1.1 304 Not Modified", "etag: b", "content-length: 9", "", ""),
  lines("HTTP/1.1 100 Continue", "", ok, "content-length: 2", "", "ok"),
  lines("HTTP/1.1 103 Early Hints", "link: </a>", "", ok, "content-length: 0", "", ""),
  lines(ok, "connection: close", "", "until the end"),
  lines("HTTP/1.1 404 Not Found", "vary: a", "vary: b", "keep-alive: timeout=5", "content-length: 3", "", "no!"),
];
const splinters = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "5",
  "\0",
  "\x7f",
  "\xff",
  "\v",
  "-1",
  "+",
  "0x",
  "content-length: 3\r\n",
  "content-length: 5\r\n",
  "content-length : 4\r\n",
  "transfer-encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "transfer-encoding: identity\r\n",
  " folded\r\n",
  "connection: close\r\n",
  "connection: upgrade\r\nupgrade: x\r\n",
  "x-nul: a\0b\r\n",
  ";ext=1",
  "HTTP/1.0 ",
  "HTTP/2 200",
  "101",
  "1xx",
  "0\r\n\r\n",
  "ffffffffff\r\n",
];

/** Mulberry32: the same answers in each run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function breakAnswer(random: (below: number) => number): string {
  let text = wholeAnswers[random(wholeAnswers.length)] ?? "";
  for (let wounds = random(4); wounds > 0; wounds -= 1) {
    const at = random(text.length + 1);
    const length = random(4) === 0 ? random(12) : 0;
    const splinter = random(3) === 0 ? "" : (splinters[random(splinters.length)] ?? "");
    // Whole lines go where lines begin, mostly: else nearly every wound would be deadly at once.
    const lineStart = text.lastIndexOf("\r\n", at) + 2;
    const place = splinter.endsWith("\r\n") && random(4) > 0 ? lineStart : at;
    text = text.slice(0, place) + splinter + text.slice(place + length);
  }
  return text;
}

/** Ours; `length` = so many bytes were one whole answer. Null = refused, or not whole. */
function readOurs(bytes: Buffer, method: string, pieces: number): { answer: Answer; length: number } | null {
  const reader = new AnswerReader();
  const answer: Answer = { status: 0, headers: {}, body: "" };
  const end = { isReached: false };
  let length = 0;
  reader.begin(method, {
    onHead: (status, headers) => Object.assign(answer, { status, headers: { ...headers } }),
    onBody: (chunk) => (answer.body += chunk.toString("latin1")),
    onEnd: () => (end.isReached = true),
  });
  try {
    for (let at = 0; at < bytes.length && !end.isReached; at += pieces) {
      reader.push(bytes.subarray(at, at + pieces));
      length = Math.min(bytes.length, at + pieces);
    }
    if (!end.isReached) reader.close();
  } catch {
    return null;
  }
  return end.isReached ? { answer, length } : null;
}

/** Node's; null = refused, or not whole. */
function readNodes(bytes: Buffer, method: string): Promise<Answer | null> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    const asked = request({ method, createConnection: () => socket, insecureHTTPParser: false });
    const refuse = () => resolve(null);
    asked.on("error", refuse).on("upgrade", refuse);
    asked.on("response", (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
      response.on("error", refuse).on("aborted", refuse);
      response.on("end", () => resolve(response.complete ? toAnswer(response, body) : null));
    });
    asked.on("socket", () => {
      setImmediate(() => {
        socket.push(bytes);
        socket.push(null);
      });
    });
    asked.end();
  });
}

function toAnswer({ statusCode = 0, rawHeaders }: IncomingMessage, body: string): Answer {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? (rawHeaders[index + 1] ?? "") : `${before}, ${rawHeaders[index + 1]}`;
  }
  return { status: statusCode, headers, body };
}

test(
  "what we accept of broken answers Node accepts and reads alike, however it is cut",
  { timeout: 60_000 },
  async () => {
    const random = makeRandom(SEED);
    const counts = { accepted: 0, refused: 0 };
    for (let turn = 0; turn < COUNT; turn += 1) {
      const text = breakAnswer(random);
      const bytes = Buffer.from(text, "latin1");
      const method = random(8) === 0 ? "HEAD" : "GET";
      const ours = readOurs(bytes, method, 1);
      const inPieces = readOurs(bytes.subarray(0, ours?.length ?? bytes.length), method, 1 + random(40));
      expect(inPieces?.answer, `cut in other places: ${JSON.stringify(text)}`).toEqual(ours?.answer);
      counts[ours === null ? "refused" : "accepted"] += 1;
      if (ours === null) continue;
      const nodes = await readNodes(bytes.subarray(0, ours.length), method);
      expect(nodes, `${method}: ${JSON.stringify(text)}`).toEqual(ours.answer);
    }
    // A test that refused or accepted everything would have shown nothing.
    expect(counts.accepted).toBeGreaterThan(COUNT / 10);
    expect(counts.refused).toBeGreaterThan(COUNT / 10);
  },
);
