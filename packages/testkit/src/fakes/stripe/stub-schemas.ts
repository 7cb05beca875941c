const text = { type: "string" };
const textOrNull = { type: ["string", "null"] };
const number = { type: "number" };
const idOrNull = { anyOf: [{ type: "string" }, { type: "object" }, { type: "null" }] };

/**
 * Objects that the derived description only names, as the SDK's types describe them: without these an answer with a
 * wrong type in such an object would pass.
 */
export const STRIPE_STUBS = {
  "stub.customer_balance_transaction": {
    type: "object",
    properties: {
      id: text,
      object: { type: "string", enum: ["customer_balance_transaction"] },
      amount: number,
      checkout_session: idOrNull,
      created: number,
      credit_note: idOrNull,
      currency: text,
      customer: { anyOf: [{ type: "string" }, { type: "object" }] },
      customer_account: textOrNull,
      description: textOrNull,
      ending_balance: number,
      invoice: idOrNull,
      livemode: { type: "boolean" },
      metadata: { type: ["object", "null"] },
      type: text,
    },
    required: [
      "id",
      "object",
      "amount",
      "checkout_session",
      "created",
      "credit_note",
      "currency",
      "customer",
      "customer_account",
      "description",
      "ending_balance",
      "invoice",
      "livemode",
      "metadata",
      "type",
    ],
  },
} as const;
