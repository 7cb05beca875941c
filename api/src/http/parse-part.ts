import { appError } from "@automna/contract/error-catalogue";
import type { z } from "zod";

/** One part of a request by its schema. Throws `invalid_request` that names the fields, never their values. */
export function parsePart(part: "params" | "query" | "body", schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // An id that can't exist is one that the caller doesn't have.
  if (part === "params") throw appError("not_found");
  const issues = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  throw appError("invalid_request", { details: { in: part, issues } });
}
