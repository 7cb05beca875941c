import { appError } from "@automna/contract/error-catalogue";
import type { Request, Response } from "express";
import { readJsonBody } from "./read-json-body.ts";
import { readRawBody } from "./read-raw-body.ts";

const LIMIT_BYTES = 16 * 1_024;
/** Far more than any form of ours has. */
const MOST_FIELDS = 20;

/** Was this sent by a form of a page rather than by a script? */
export function isForm(request: Request): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers["content-type"] ?? "");
}

/** The fields of a form, or a JSON body. Throws as readJsonBody does; a field that comes twice is `invalid_request`. */
export async function readFormBody(request: Request, response: Response): Promise<unknown> {
  if (!isForm(request)) return readJsonBody(request, response);
  const body = await readRawBody(request, response, LIMIT_BYTES);
  const fields = [...new URLSearchParams(body.toString("utf8"))];
  const names = new Set(fields.map(([name]) => name));
  if (fields.length > MOST_FIELDS || names.size < fields.length) throw appError("invalid_request");
  return Object.fromEntries(fields);
}
