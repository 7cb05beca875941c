import { appError } from "@automna/contract/error-catalogue";
import express, { type Request, type Response } from "express";

const LIMIT = "64kb";

const parseJson = express.json({ limit: LIMIT, inflate: false, strict: true, type: () => true });

/**
 * The JSON body of a request. Throws `unsupported_media_type` for anything that is not said to be JSON (which a form of
 * another site can't say), `body_too_large` above 64 kB, `invalid_request` for what does not parse.
 */
export async function readJsonBody(request: Request, response: Response): Promise<unknown> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw appError("unsupported_media_type");
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(toBodyError(error))));
  });
  return request.body;
}

/** body-parser tells its errors apart by `type`: https://github.com/expressjs/body-parser#errors */
function toBodyError(cause: unknown): unknown {
  const type = cause instanceof Error && "type" in cause ? cause.type : undefined;
  switch (type) {
    case "entity.too.large":
      return appError("body_too_large");
    case "charset.unsupported":
    case "encoding.unsupported":
      return appError("unsupported_media_type");
    case "entity.parse.failed":
    case "request.aborted":
    case "request.size.invalid":
      // Without the cause: its message quotes the body.
      return appError("invalid_request");
    default:
      return cause;
  }
}
