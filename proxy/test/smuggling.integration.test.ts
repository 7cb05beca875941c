import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";
import { sendRaw, statuses } from "./raw-http.ts";

let ingress: IngressHarness;
let anna: TestCustomer;
let bert: TestCustomer;

beforeAll(async () => {
  ingress = await startIngress();
  anna = await ingress.addCustomer({ isOpen: true });
  bert = await ingress.addCustomer({ isOpen: true });
});
afterAll(() => ingress[Symbol.asyncDispose]());
beforeEach(() => {
  anna.backend.seen.length = 0;
  bert.backend.seen.length = 0;
});

const head = (method: string, path: string, lines: string[] = []) =>
  [`${method} ${path} HTTP/1.1`, "host: automna.test", `origin: ${ORIGIN}`, `cookie: ${anna.cookie()}`, ...lines].join(
    "\r\n",
  );
/** A request that a confused server would read out of the body of another. */
const hidden = () => `GET /a/${bert.userId}/hidden HTTP/1.1\r\nhost: x\r\nx-automna-internal: x\r\n\r\n`;
const mine = () => `/a/${anna.userId}/x`;
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** Every case is tried as written; what the agent saw must be at most one clean request of anna's. */
const cases: [string, () => string][] = [
  ...["GET", "HEAD", "DELETE", "OPTIONS"].map((method): [string, () => string] => [
    `${method} with a chunked body`,
    () => `${head(method, mine(), ["transfer-encoding: chunked"])}\r\n\r\n${chunked(hidden())}`,
  ]),
  ...["GET", "HEAD", "OPTIONS"].map((method): [string, () => string] => [
    `${method} with a counted body`,
    () => `${head(method, mine(), [`content-length: ${hidden().length}`])}\r\n\r\n${hidden()}`,
  ]),
  [
    "CL.TE",
    () => `${head("POST", mine(), ["content-length: 6", "transfer-encoding: chunked"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  [
    "TE.CL",
    () => `${head("POST", mine(), ["transfer-encoding: chunked", "content-length: 4"])}\r\n\r\n${chunked(hidden())}`,
  ],
  [
    "TE.TE, obfuscated",
    () => `${head("POST", mine(), ["transfer-encoding: chunked", "transfer-encoding: x"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  ["TE: xchunked", () => `${head("POST", mine(), ["transfer-encoding: xchunked"])}\r\n\r\n0\r\n\r\n${hidden()}`],
  [
    "TE: chunked, identity",
    () => `${head("POST", mine(), ["transfer-encoding: chunked, identity"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  [
    "TE: gzip, chunked",
    () => `${head("POST", mine(), ["transfer-encoding: gzip, chunked"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  [
    "TE with a tab before the colon",
    () => `${head("POST", mine(), ["transfer-encoding\t: chunked", "content-length: 5"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  [
    "TE with a vertical tab",
    () => `${head("POST", mine(), ["transfer-encoding: \x0bchunked"])}\r\n\r\n0\r\n\r\n${hidden()}`,
  ],
  [
    "two lengths that differ",
    () => `${head("POST", mine(), ["content-length: 0", `content-length: ${hidden().length}`])}\r\n\r\n${hidden()}`,
  ],
  ["two equal lengths", () => `${head("POST", mine(), ["content-length: 5", "content-length: 5"])}\r\n\r\nhello`],
  ["a length with a plus", () => `${head("POST", mine(), ["content-length: +5"])}\r\n\r\nhello`],
  ["a hexadecimal length", () => `${head("POST", mine(), ["content-length: 0x5"])}\r\n\r\nhello`],
  ["a negative length", () => `${head("POST", mine(), ["content-length: -5"])}\r\n\r\nhello`],
  ["a list of lengths", () => `${head("POST", mine(), ["content-length: 5, 5"])}\r\n\r\nhello`],
  ["bare LF between headers", () => `${head("POST", mine(), ["content-length: 5"]).replaceAll("\r\n", "\n")}\n\nhello`],
  ["a bare CR in a header", () => `${head("GET", mine(), ["x: a\rtransfer-encoding: chunked"])}\r\n\r\n`],
  ["a folded header", () => `${head("GET", mine(), ["x: a\r\n transfer-encoding: chunked"])}\r\n\r\n`],
  ["a space before the colon", () => `${head("GET", mine(), ["host : other"])}\r\n\r\n`],
  ["two hosts", () => `${head("GET", mine(), ["host: other"])}\r\n\r\n`],
  ["no host", () => `GET ${mine()} HTTP/1.1\r\ncookie: ${anna.cookie()}\r\n\r\n`],
  [
    "HTTP/1.0 with a chunked body",
    () =>
      `${head("POST", mine(), ["transfer-encoding: chunked"]).replace("HTTP/1.1", "HTTP/1.0")}\r\n\r\n${chunked(hidden())}`,
  ],
  ["HTTP/1.0", () => `${head("GET", mine()).replace("HTTP/1.1", "HTTP/1.0")}\r\n\r\n`],
  ["HTTP/1.2", () => `${head("GET", mine()).replace("HTTP/1.1", "HTTP/1.2")}\r\n\r\n`],
  [
    "a chunk size with a sign",
    () => `${head("POST", mine(), ["transfer-encoding: chunked"])}\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    "a chunk size that overflows",
    () => `${head("POST", mine(), ["transfer-encoding: chunked"])}\r\n\r\nffffffffffffffff5\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    "a chunk ended by a bare LF",
    () => `${head("POST", mine(), ["transfer-encoding: chunked"])}\r\n\r\n5\nhello\n0\n\n`,
  ],
  ["an absolute target", () => `${head("GET", `http://automna.test${mine()}`)}\r\n\r\n`],
  ["CONNECT", () => `${head("CONNECT", "automna.test:443")}\r\n\r\n`],
  ["TRACE", () => `${head("TRACE", mine())}\r\n\r\n`],
  ["an unknown method", () => `${head("PROPFIND", mine())}\r\n\r\n`],
  [
    "an h2c upgrade",
    () =>
      `${head("GET", mine(), ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__"])}\r\n\r\n`,
  ],
  ["the preface of HTTP/2", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["headers beyond the limit", () => `${head("GET", mine(), [`x: ${"y".repeat(20_000)}`])}\r\n\r\n`],
  [
    "too many headers",
    () =>
      `${head(
        "GET",
        mine(),
        Array.from({ length: 200 }, (_, index) => `x-${index}: 1`),
      )}\r\n\r\n`,
  ],
  ["an unknown expectation", () => `${head("POST", mine(), ["expect: 200-maybe", "content-length: 0"])}\r\n\r\n`],
];

test.each(cases)("%s is refused, and nothing of it is forwarded", async (_what, make) => {
  const answer = await sendRaw(ingress.port, make(), 120);
  expect(statuses(answer).every((status) => status >= 400)).toBe(true);
  expect(bert.backend.seen).toHaveLength(0);
  expect(anna.backend.seen.filter(({ url }) => url !== "/x")).toHaveLength(0);
  // Bodies whose end is only found to be wrong on the way may have begun; a whole request never arrives.
  expect(anna.backend.seen.every(({ body }) => !body.includes("hello"))).toBe(true);
});

test("a chunk's extension is not passed on", async () => {
  await sendRaw(
    ingress.port,
    `${head("POST", mine(), ["transfer-encoding: chunked"])}\r\n\r\n5;ext=1\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n`,
    120,
  );
  const [seen] = anna.backend.seen;
  expect(seen?.body).toBe("hello");
  expect(seen?.rawHeaders.join()).not.toMatch(/ext|trailer/i);
});

test("pipelined requests are each judged by themselves", async () => {
  const answer = await sendRaw(
    ingress.port,
    `${head("GET", mine())}\r\n\r\n${head("GET", `/a/${bert.userId}/x`)}\r\n\r\n${head("GET", mine())}\r\n\r\n`,
    200,
  );
  expect(statuses(answer)).toEqual([200, 404, 200]);
  expect(bert.backend.seen).toHaveLength(0);
});

test("with its framing check off, the same ingress is still served by an undici that frames anew", async () => {
  await using open = await startIngress((guards) => ({ ...guards, framing: () => undefined }));
  const carl = await open.addCustomer({ isOpen: true });
  const text = `DELETE /a/${carl.userId}/x HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${carl.cookie()}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(hidden())}`;
  await sendRaw(open.port, text, 120);
  expect(carl.backend.seen.map(({ url }) => url)).toEqual(["/x"]);
});
