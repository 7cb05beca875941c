/** How an error is treated at an edge: shown to the person, answered as a conflict, retried, or reported. */
export type ErrorKind = "user" | "conflict" | "transient" | "bug";

/**
 * The one error type that crosses module borders. `code` is for programs (snake_case, never reused; the
 * catalogue with texts is contract/error-catalogue.ts), `details` must be safe to show to the caller.
 */
export class AppError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    kind: ErrorKind,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.kind = kind;
    this.details = options.details ?? {};
  }
}

/** True for an AppError with this code, also across realms and bundles. */
export function isAppError(error: unknown, code?: string): error is AppError {
  return (
    error instanceof Error &&
    error.name === "AppError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}
