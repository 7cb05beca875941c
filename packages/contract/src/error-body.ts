import { isAppError } from "@automna/core/shared/app-error";
import { z } from "zod";
import { errorCatalogue, isErrorCode, type ErrorCode } from "./error-catalogue.ts";

/** The one shape in which every HTTP surface of the platform reports a failure. */
export const errorBodySchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
    requestId: z.string().optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** Status and body for a code of the catalogue. */
export function errorAnswer(
  code: ErrorCode,
  extra: { details?: Readonly<Record<string, unknown>>; requestId?: string } = {},
): { status: number; body: ErrorBody } {
  const { status, message } = errorCatalogue[code];
  return { status, body: { error: { code, message, ...extra } } };
}

/** Status and body for anything thrown: unknown errors become `internal_error` and tell nothing. */
export function errorAnswerFor(error: unknown, requestId?: string): { status: number; body: ErrorBody } {
  const extra = requestId === undefined ? {} : { requestId };
  if (!isAppError(error) || !isErrorCode(error.code)) return errorAnswer("internal_error", extra);
  const hasDetails = Object.keys(error.details).length > 0;
  return errorAnswer(error.code, hasDetails ? { ...extra, details: error.details } : extra);
}
