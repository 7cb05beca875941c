/** A request that the gateway refused (its own code), or that got no answer (`disconnected`, `timeout`). */
export class GatewayError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(code: string, message: string, options: { retryable: boolean; retryAfterMs?: number | undefined }) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
