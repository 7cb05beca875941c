export type StripeErrorType = "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";

/** An answer of the vendor other than success: https://docs.stripe.com/api/errors */
export class StripeFailure extends Error {
  readonly status: number;
  readonly body: { error: { type: StripeErrorType; message: string; code?: string; param?: string } };

  constructor(
    status: number,
    message: string,
    { type = "invalid_request_error", code, param }: { type?: StripeErrorType; code?: string; param?: string } = {},
  ) {
    super(message);
    this.name = "StripeFailure";
    this.status = status;
    this.body = {
      error: { type, message, ...(code === undefined ? {} : { code }), ...(param === undefined ? {} : { param }) },
    };
  }
}

export function missing(what: string, id: string, param = "id"): StripeFailure {
  return new StripeFailure(404, `No such ${what}: '${id}'`, { code: "resource_missing", param });
}
