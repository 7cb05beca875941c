/** Tokens of Claude subscriptions (OAuth access, refresh, web session): the provider's terms keep them out of products like ours. */
const SUBSCRIPTION_TOKEN = /^sk-ant-(oat|ort|sid)/i;
/** What can stand in a header. */
const PRINTABLE = /^[\x21-\x7e]+$/;

export type KeyForm = "plausible" | "subscription" | "malformed";

/** What can be said of a key without asking anybody. */
export function keyForm(key: string): KeyForm {
  if (SUBSCRIPTION_TOKEN.test(key)) return "subscription";
  return PRINTABLE.test(key) ? "plausible" : "malformed";
}
