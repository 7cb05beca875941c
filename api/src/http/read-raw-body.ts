import { appError } from "@automna/contract/error-catalogue";
import express, { type Request, type Response } from "express";

/** The body byte for byte, as it was signed; it stays on `request.body` for the vendors' own verifiers. Throws `body_too_large`. */
export async function readRawBody(request: Request, response: Response, limitBytes: number): Promise<Buffer> {
  const parse = express.raw({ limit: limitBytes, inflate: false, type: () => true });
  await new Promise<void>((resolve, reject) => {
    parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(toBodyError(error))));
  });
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** body-parser tells its errors apart by `type`: https://github.com/expressjs/body-parser#errors */
function toBodyError(cause: unknown): unknown {
  const isTooLarge = cause instanceof Error && "type" in cause && cause.type === "entity.too.large";
  return appError(isTooLarge ? "body_too_large" : "invalid_request");
}
