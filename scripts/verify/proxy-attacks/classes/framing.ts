import { ORIGIN } from "../../../../proxy/test/ingress-harness.ts";
import { ordinary } from "../../steps/careless-reader.ts";
import type { AttackCase, AttackClass, ControlName, Lane } from "../attack-case.ts";
import {
  chunk,
  hasArrived,
  hasHeader,
  HIDDEN,
  isHiddenSeen,
  LAST_CHUNK,
  requestText,
  type RequestParts,
} from "../request-text.ts";

/** Where a request ends: two readers who differ on it read two different sequences of requests. */
export function framingClasses(): AttackClass[] {
  return [
    { name: "CL.TE", cases: lengthBeforeChunks() },
    { name: "TE.CL", cases: chunksBeforeLength() },
    { name: "TE.TE", cases: twoEncodings() },
    { name: "bodies of methods without one", cases: bodiless() },
    { name: "chunks and their extensions", cases: chunks() },
    { name: "bare LF", cases: lineEnds() },
    { name: "header injection", cases: injection() },
  ];
}

interface Smuggle {
  name: string;
  control: ControlName;
  lines: string[];
  body: string;
  method?: string;
  prepare?: (lane: Lane) => void;
}

/** A case whose body hides a request that only the backend finds. */
const hidden = ({ name, control, lines, body, method = "POST", prepare }: Smuggle): AttackCase => ({
  name,
  control,
  send: (lane) => requestText(lane, { method, lines, body }),
  ...(prepare === undefined ? {} : { prepare }),
  succeeded: isHiddenSeen,
});

const prefersLength = ({ anna }: Lane) => {
  anna.backend.carelessness = { ...ordinary, prefers: "length" };
};

/** The proxy goes by the length, the backend by an encoding that the proxy did not see as one. */
function lengthBeforeChunks(): AttackCase[] {
  const body = `${LAST_CHUNK}${HIDDEN}`;
  const spellings = [
    "Transfer_Encoding: chunked",
    "TRANSFER_ENCODING: chunked",
    "transfer_Encoding: CHUNKED",
    "Transfer_Encoding: x, chunked",
    "Transfer_Encoding:chunked",
    "Transfer_Encoding: \tchunked",
  ];
  return spellings.flatMap((line) =>
    ["POST", "PUT"].map((method) =>
      hidden({
        name: `${method}, ${JSON.stringify(line)}`,
        control: "http-proxy",
        method,
        lines: [`content-length: ${body.length}`, line],
        body,
      }),
    ),
  );
}

/** The proxy goes by the chunks, the backend by the length, which ends within the first chunk's size. */
function chunksBeforeLength(): AttackCase[] {
  const body = `${chunk(HIDDEN)}${LAST_CHUNK}`;
  const short = `${HIDDEN.length.toString(16)}\r\n`.length;
  const te = "transfer-encoding: chunked";
  const variants: [string, ControlName, string[]][] = [
    ["length, then chunked", "http-proxy, lenient", [`content-length: ${short}`, te]],
    ["chunked, then length", "http-proxy, lenient", [te, `content-length: ${short}`]],
    ["Chunked", "http-proxy, lenient", [`content-length: ${short}`, "transfer-encoding: Chunked"]],
    [
      "a list that ends with chunked",
      "http-proxy, lenient",
      [`content-length: ${short}`, "transfer-encoding: identity, chunked"],
    ],
    ["Content_Length", "http-proxy", [te, `Content_Length: ${short}`]],
    ["CONTENT_LENGTH", "http-proxy", [te, `CONTENT_LENGTH: ${short}`]],
    ["content_length with a tab", "http-proxy", [te, `content_length:\t${short}`]],
    ["content_length as a list", "http-proxy", [te, `content_length: ${short}, ${short}`]],
  ];
  return variants.map(([name, control, lines]) => hidden({ name, control, lines, body, prepare: prefersLength }));
}

function twoEncodings(): AttackCase[] {
  const body = `${chunk(HIDDEN)}${LAST_CHUNK}`;
  const short = `${HIDDEN.length.toString(16)}\r\n`.length;
  const first = ["x", "identity", "cow", "chunked", "gzip", "deflate", "br, gzip", "Identity"];
  return first.map((value) =>
    hidden({
      name: `${value}, then chunked`,
      control: "http-proxy, lenient",
      lines: [`transfer-encoding: ${value}`, "transfer-encoding: chunked", `content-length: ${short}`],
      body,
      prepare: prefersLength,
    }),
  );
}

function bodiless(): AttackCase[] {
  const chunked = { lines: ["transfer-encoding: chunked"], body: `${chunk(HIDDEN)}${LAST_CHUNK}` };
  const counted = { lines: [`content-length: ${HIDDEN.length}`], body: HIDDEN };
  const ends = ({ anna }: Lane) => {
    anna.backend.carelessness = { ...ordinary, hasBodiless: true };
  };
  return [
    // The hole that the library is known for: it drops the encoding of these two, and keeps the body.
    ...["DELETE", "OPTIONS"].map((method) =>
      hidden({ name: `${method}, chunked`, control: "http-proxy", method, ...chunked }),
    ),
    ...["DELETE", "OPTIONS"].map((method) =>
      hidden({
        name: `${method}, Chunked`,
        control: "http-proxy",
        method,
        ...chunked,
        lines: ["transfer-encoding: Chunked"],
      }),
    ),
    ...["GET", "HEAD", "OPTIONS"].map((method) =>
      hidden({ name: `${method}, with a length`, control: "http-proxy", method, ...counted, prepare: ends }),
    ),
    ...["GET", "HEAD"].map((method) =>
      hidden({ name: `${method}, chunked`, control: "http-proxy", method, ...chunked, prepare: ends }),
    ),
  ];
}

/** Framing that is no framing, taken for a whole body and passed on as one. */
function chunks(): AttackCase[] {
  const bodies: [string, string][] = [
    ["a size that ends with LF", "5\nhello\r\n0\r\n\r\n"],
    ["an extension that ends with LF", "5;a=b\nhello\r\n0\r\n\r\n"],
    ["a chunk that ends with LF", "5\r\nhello\n0\r\n\r\n"],
    ["a chunk that ends with nothing", "5\r\nhello0\r\n\r\n"],
    ["a space behind the size", "5 \r\nhello\r\n0\r\n\r\n"],
    ["a tab behind the size", "5\t\r\nhello\r\n0\r\n\r\n"],
    ["a last chunk that ends with LF", "5\r\nhello\r\n0\n\r\n"],
    ["an end that is one LF", "5\r\nhello\r\n0\r\n\n"],
    ["a trailer with a bare LF", "5\r\nhello\r\n0\r\na: b\nc: d\r\n\r\n"],
    ["an extension of 8 kB that ends with LF", `5;${"a".repeat(8_192)}\nhello\r\n0\r\n\r\n`],
  ];
  const isWhole: AttackCase["succeeded"] = ({ anna }) => anna.some(({ body }) => body === "hello");
  return bodies.map(([name, body]) => ({
    name,
    control: "http-proxy, lenient",
    send: (lane) => requestText(lane, { method: "POST", lines: ["transfer-encoding: chunked"], body }),
    succeeded: isWhole,
  }));
}

/** A header that one reader sees within the value of another. */
function injection(): AttackCase[] {
  const carriers = ["x", "user-agent", "referer", "accept-language"];
  const injected = ["x-automna-user: evil", "x-openclaw-scopes: evil", "x-forwarded-for: evil"];
  const joins: [string, string][] = [
    ["a bare LF", "\n"],
    ["a fold", "\r\n b\r\n"],
    ["a folded tab", "\r\n\tb\r\n"],
  ];
  return carriers.flatMap((carrier, index) =>
    joins.map(([name, join], turn): AttackCase => {
      const line = injected[(index + turn) % injected.length] ?? "";
      return {
        name: `${line} in ${carrier} behind ${name}`,
        control: "http-proxy, lenient",
        send: (lane) => requestText(lane, { lines: [`${carrier}: a${join}${line}`] }),
        succeeded: (evidence) => hasHeader(evidence, "evil"),
      };
    }),
  );
}

function lineEnds(): AttackCase[] {
  const whole = (name: string, parts: RequestParts): AttackCase => ({
    name,
    control: "http-proxy, lenient",
    send: (lane) => requestText(lane, parts),
    succeeded: hasArrived,
  });
  const posted = { method: "POST", lines: ["content-length: 5"], body: "hello" };
  const encoded = { method: "POST", body: `${chunk("hello")}${LAST_CHUNK}` };
  return [
    whole("a head of bare LFs", { lineEnd: "\n" }),
    whole("a head of bare LFs before a body", { ...posted, lineEnd: "\n" }),
    whole("an encoding behind a bare LF", { ...encoded, lines: ["x: a\ntransfer-encoding: chunked"] }),
    whole("a length behind a bare LF", { ...posted, lines: ["x: a\ncontent-length: 5"] }),
    whole("two headers behind bare LFs", { lines: ["x: a\nx-y: b\nx-z: c"] }),
    whole("an origin behind a bare LF", { origin: null, lines: [`x: a\norigin: ${ORIGIN}`] }),
  ];
}
