/** An answer's headers as they were sent; names in lower case, repeated ones joined as Node does. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** Where an answer ends (RFC 9112, 6.3), and what becomes of its connection. */
export interface AnswerFraming {
  body: { kind: "none" | "chunked" | "until_close" } | { kind: "length"; bytes: number };
  /** False when nothing may follow on this connection. */
  isKept: boolean;
  /** How long the backend says that it keeps the connection, seconds. */
  keepAliveS: number | null;
}

const LENGTH = /^\d{1,15}$/;

/** Throws for an answer whose end two readers could see in two places. */
export function judgeFraming(status: number, headers: AnswerHeaders, isHeadRequest: boolean): AnswerFraming {
  const { connection, "content-length": length, "transfer-encoding": encoding, "keep-alive": keepAlive } = headers;
  if (encoding !== undefined && (length !== undefined || encoding.toLowerCase() !== "chunked"))
    throw new Error("the length of the answer is stated in two ways");
  if (length !== undefined && !LENGTH.test(length)) throw new Error("the length of the answer is no number");
  const keepAliveS = keepAlive === undefined ? undefined : /\btimeout=(\d{1,6})\b/.exec(keepAlive)?.[1];
  return {
    body: judgeBody({ length, encoding, isBodiless: isHeadRequest || status === 204 || status === 304 }),
    isKept: !isClosing(connection),
    keepAliveS: keepAliveS === undefined ? null : Number(keepAliveS),
  };
}

/** Throws for a 1xx that is more than a line on the way to the answer: it switches, ends or frames something. */
export function assertInformational(status: number, headers: AnswerHeaders): void {
  const { connection, "content-length": length, "transfer-encoding": encoding } = headers;
  const isPlain = length === undefined && encoding === undefined && !isClosing(connection);
  if (status === 101 || !isPlain) throw new Error("not an answer to this request");
}

function isClosing(connection: string | undefined): boolean {
  return connection !== undefined && connection !== "keep-alive" && /\bclose\b/i.test(connection);
}

function judgeBody({
  length,
  encoding,
  isBodiless,
}: {
  length: string | undefined;
  encoding: string | undefined;
  isBodiless: boolean;
}): AnswerFraming["body"] {
  if (isBodiless) return { kind: "none" };
  if (encoding !== undefined) return { kind: "chunked" };
  if (length === undefined) return { kind: "until_close" };
  const bytes = Number(length);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}
