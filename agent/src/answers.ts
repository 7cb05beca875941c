import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorAnswer, errorAnswerFor, type ErrorBody } from "@automna/contract/error-body";
import { appError, type ErrorCode } from "@automna/contract/error-catalogue";

const RETRY_AFTER_SECONDS = "2";

function headersFor(status: number, text: string): Record<string, string> {
  return {
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(text)),
    "cache-control": "no-store",
    ...(status === 503 ? { "retry-after": RETRY_AFTER_SECONDS } : {}),
  };
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, headersFor(status, text));
  response.end(text);
}

export function answerError(response: ServerResponse, code: ErrorCode): void {
  const { status, body } = errorAnswer(code);
  answerJson(response, status, body);
}

/** For anything thrown: tells what the catalogue allows to tell. */
export function answerThrown(response: ServerResponse, error: unknown): void {
  const { status, body } = errorAnswerFor(error);
  answerJson(response, status, body);
}

/** The same for a request to upgrade, whose socket is already out of the HTTP server's hands. */
export function refuseUpgrade(socket: Duplex, code: ErrorCode): void {
  const { status, body }: { status: number; body: ErrorBody } = errorAnswer(code);
  const text = JSON.stringify(body);
  const lines = Object.entries({ ...headersFor(status, text), connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
}

/** The body as JSON; throws an AppError when it is none or too large. */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) throw appError("unsupported_media_type");
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw appError("body_too_large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw appError("invalid_request", { cause });
  }
}
