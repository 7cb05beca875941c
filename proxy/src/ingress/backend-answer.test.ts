import { expect, test } from "vitest";
import { AnswerReader } from "./backend-answer.ts";

interface Told {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  isEnded: boolean;
  trailers: readonly string[];
}

/** Reads an answer that comes in pieces of so many bytes. */
function read(text: string, { method = "GET", pieces = text.length, closes = false } = {}) {
  const reader = new AnswerReader();
  const told: Told = { status: 0, headers: {}, body: "", isEnded: false, trailers: [] };
  reader.begin(method, {
    onHead: (status, headers) => Object.assign(told, { status, headers }),
    onBody: (chunk) => (told.body += chunk.toString("latin1")),
    onEnd: (trailers) => Object.assign(told, { isEnded: true, trailers }),
  });
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += pieces) reader.push(bytes.subarray(at, at + pieces));
  if (closes) reader.close();
  return { ...told, mayBeReused: reader.mayBeReused(), keepAliveS: reader.keepAliveS() };
}

const lines = (...parts: string[]) => parts.join("\r\n");
const ok = "HTTP/1.1 200 OK";

const answers: [string, string, Parameters<typeof read>[1], Partial<ReturnType<typeof read>>][] = [
  [
    "with a length",
    lines(ok, "Content-Length: 5", "", "hello"),
    {},
    { body: "hello", isEnded: true, mayBeReused: true },
  ],
  ["without a body", lines(ok, "content-length: 0", "", ""), {}, { body: "", isEnded: true, mayBeReused: true }],
  [
    "in chunks",
    lines(ok, "transfer-encoding: chunked", "", "3", "hel", "2", "lo", "0", "", ""),
    {},
    { body: "hello", isEnded: true, mayBeReused: true },
  ],
  [
    "in chunks with trailers",
    lines(ok, "transfer-encoding: chunked", "", "5", "hello", "0", "X-Sum: 1 ", "etag: a", "", ""),
    {},
    { body: "hello", isEnded: true, mayBeReused: true, trailers: ["x-sum", "1", "etag", "a"] },
  ],
  [
    "to HEAD, however long it says it is",
    lines(ok, "content-length: 5", "", ""),
    { method: "HEAD" },
    { isEnded: true },
  ],
  ["204", lines("HTTP/1.1 204 No Content", "", ""), {}, { status: 204, isEnded: true, mayBeReused: true }],
  ["304 with a length", lines("HTTP/1.1 304 x", "content-length: 9", "", ""), {}, { isEnded: true, mayBeReused: true }],
  ["until the end", lines(ok, "", "hello"), { closes: true }, { body: "hello", isEnded: true, mayBeReused: false }],
  [
    "that closes",
    lines(ok, "connection: close", "content-length: 2", "", "ok"),
    {},
    { body: "ok", isEnded: true, mayBeReused: false },
  ],
  [
    "after informational ones",
    lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "link: x", "", ok, "content-length: 2", "", "ok"),
    {},
    { status: 200, body: "ok", isEnded: true },
  ],
  ["with a promise", lines(ok, "keep-alive: timeout=5", "content-length: 0", "", ""), {}, { keepAliveS: 5 }],
];

test.each(answers)("an answer %s is read, whole and byte by byte", (_what, text, options, expected) => {
  expect(read(text, options)).toMatchObject(expected);
  expect(read(text, { ...options, pieces: 1 })).toMatchObject(expected);
});

test("an answer that breaks off has not ended", () => {
  expect(read(lines(ok, "content-length: 5", "", "hell"), { closes: true }).isEnded).toBe(false);
  expect(read(lines(ok, "transfer-encoding: chunked", "", "5", "hel"), { closes: true }).isEnded).toBe(false);
});

test.each([
  ["two lengths", lines(ok, "content-length: 2", "content-length: 3", "", "ok")],
  ["a length twice", lines(ok, "content-length: 2", "content-length: 2", "", "ok")],
  ["a length and chunks", lines(ok, "content-length: 2", "transfer-encoding: chunked", "", "ok")],
  ["a tab behind its coding", lines(ok, "transfer-encoding: chunked\t", "", "0", "", "")],
  ["another coding", lines(ok, "transfer-encoding: gzip, chunked", "", "0", "", "")],
  ["chunked twice", lines(ok, "transfer-encoding: chunked", "transfer-encoding: chunked", "", "0", "", "")],
  ["a negative length", lines(ok, "content-length: -1", "", "")],
  ["a length in hex", lines(ok, "content-length: 0x2", "", "ok")],
  ["an empty length", lines(ok, "content-length:", "", "")],
  ["a chunk size with a sign", lines(ok, "transfer-encoding: chunked", "", "+2", "ok", "0", "", "")],
  ["a chunk extension", lines(ok, "transfer-encoding: chunked", "", "2;x=y", "ok", "0", "", "")],
  ["a chunk longer than it says", lines(ok, "transfer-encoding: chunked", "", "2", "okay", "0", "", "")],
  ["a chunk size without end", lines(ok, "transfer-encoding: chunked", "", "0".repeat(40))],
  ["more than it says", lines(ok, "content-length: 2", "", "okHTTP/1.1 200 OK")],
  ["a second answer", lines(ok, "content-length: 0", "", ok, "content-length: 0", "", "")],
  ["a body where there is none", lines("HTTP/1.1 204 No Content", "", "x")],
  ["another protocol", lines("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "", "")],
  ["an end before its begin", lines("HTTP/1.1 103 x", "connection: close", "", ok, "content-length: 0", "", "")],
  ["a length of what has none", lines("HTTP/1.1 103 x", "content-length: 3", "", ok, "content-length: 0", "", "")],
  ["informational answers without end", lines("HTTP/1.1 103 Early Hints", "", "").repeat(20)],
  ["a bare LF", `${ok}\ncontent-length: 2\r\n\r\nok`],
  ["a folded header", lines(ok, "x: 1", " 2", "content-length: 0", "", "")],
  ["a space before the colon", lines(ok, "content-length : 2", "", "ok")],
  ["a header with NUL", lines(ok, "etag: a\0b", "content-length: 0", "", "")],
  ["HTTP/1.0", lines("HTTP/1.0 200 OK", "", "x")],
  ["a head without end", `${ok}\r\nx: ${"x".repeat(20_000)}`],
  ["a trailer with a bare LF", lines(ok, "transfer-encoding: chunked", "", "0", "x: 1\ny: 2", "", "")],
  ["a length behind its body", lines(ok, "transfer-encoding: chunked", "", "0", "content-length: 3", "", "")],
  ["a folded trailer", lines(ok, "transfer-encoding: chunked", "", "0", "x: 1", " 2", "", "")],
  ["many trailers without end", `${lines(ok, "transfer-encoding: chunked", "", "0", "")}${"x: y\r\n".repeat(2_000)}`],
  ["trailers without end", `${lines(ok, "transfer-encoding: chunked", "", "0", "")}\r\nx: ${"x".repeat(5_000)}`],
])("an answer with %s is refused, whole and byte by byte", (_what, text) => {
  expect(() => read(text)).toThrow(/answer|response|chunk|trailers|asked for/);
  expect(() => read(text, { pieces: 1 })).toThrow(/answer|response|chunk|trailers|asked for/);
});

test("headers that are called like what every object has are headers", () => {
  const { headers } = read(lines(ok, "__proto__: a", "constructor: b", "toString: c", "content-length: 0", "", ""));
  expect(Object.entries(headers)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
    ["tostring", "c"],
    ["content-length", "0"],
  ]);
});

test("nothing that was not asked for is read", () => {
  expect(() => new AnswerReader().push(Buffer.from(ok))).toThrow("not asked for");
});
