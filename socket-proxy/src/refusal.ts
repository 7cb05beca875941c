/** A request that does not pass. The reason is for whoever reads the log, and never quotes a value of the request. */
export class Refusal extends Error {
  readonly status: number;

  constructor(reason: string, status = 403, options?: ErrorOptions) {
    super(reason, options);
    this.name = "Refusal";
    this.status = status;
  }
}
