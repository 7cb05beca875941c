import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorAnswerFor } from "@automna/contract/error-body";
import { REQUEST_ID_HEADER } from "@automna/contract/headers";
import { isAppError } from "@automna/core/shared/app-error";
import { STATUS_CODES } from "node:http";
import { retryAfterSeconds } from "./phase-answers.ts";
import { hasBody } from "./request-framing.ts";

const alwaysSent = [
  "content-type",
  "application/json; charset=utf-8",
  "cache-control",
  "no-store",
  "x-content-type-options",
  "nosniff",
];

interface Refusal {
  status: number;
  text: string;
  /** Flat list of names and values, without the length. */
  headers: string[];
}

function toRefusal(error: unknown, requestId: string): Refusal {
  const { status, body } = errorAnswerFor(error, requestId);
  const headers = [...alwaysSent, REQUEST_ID_HEADER, requestId];
  const seconds = isAppError(error) ? retryAfterSeconds(error) : null;
  if (seconds !== null) headers.push("retry-after", String(seconds));
  return { status, text: JSON.stringify(body), headers };
}

/** Answers a request with the platform's error body; a body still on its way is not waited for. */
export function refuseRequest(response: ServerResponse, error: unknown, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, text, headers } = toRefusal(error, requestId);
  headers.push("content-length", String(Buffer.byteLength(text)));
  // A request without a body is complete as soon as it is heard of.
  if (hasBody(response.req) && !response.req.complete) headers.push("connection", "close");
  response.writeHead(status, headers);
  response.end(text);
}

/** Answers an upgrade with the platform's error body and closes the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, text, headers } = toRefusal(error, requestId);
  headers.push("content-length", String(Buffer.byteLength(text)), "connection", "close");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${toLines(headers)}\r\n${text}`, () =>
    socket.destroy(),
  );
}

function toLines(headers: readonly string[]): string {
  let lines = "";
  for (let index = 0; index + 1 < headers.length; index += 2) lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return lines;
}
