import type { Form } from "./form.ts";
import { integerOf, textOf } from "./form.ts";
import type { StripeState } from "./state.ts";
import { StripeFailure } from "./stripe-failure.ts";
import type { Wire } from "./wire-catalogue.ts";
import { list } from "./wire-billing.ts";

export interface StripeCall {
  state: StripeState;
  params: Readonly<Record<string, string>>;
  /** Query of a GET or DELETE, form of a POST. */
  form: Form;
}

export type StripeHandler = (call: StripeCall) => Wire;

/** Method and path, `:name` for a part that varies, as `POST /v1/customers/:id`. */
export type StripeRoutes = Readonly<Record<string, StripeHandler>>;

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/** One page, newest first, by the vendor's cursors: https://docs.stripe.com/api/pagination */
export function page<Item extends { id: string; created: number }>(
  form: Form,
  url: string,
  items: Iterable<Item>,
  toWire: (item: Item) => Wire,
): Wire {
  const newestFirst = [...items].toReversed();
  const limit = integerOf(form, "limit") ?? DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT)
    throw new StripeFailure(400, "Invalid limit: must be between 1 and 100", { param: "limit" });
  const [after, before] = [textOf(form, "starting_after"), textOf(form, "ending_before")];
  const indexOf = (id: string, param: string) => {
    const index = newestFirst.findIndex((item) => item.id === id);
    if (index < 0) throw new StripeFailure(400, `No such object: '${id}'`, { code: "resource_missing", param });
    return index;
  };
  const rest = after !== null ? newestFirst.slice(indexOf(after, "starting_after") + 1) : newestFirst;
  if (before === null) return list(url, rest.slice(0, limit).map(toWire), rest.length > limit);
  const newer = newestFirst.slice(0, indexOf(before, "ending_before"));
  return list(url, newer.slice(-limit).map(toWire), newer.length > limit);
}
