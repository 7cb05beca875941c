import { billingViewSchema, type BillingView } from "@automna/contract/billing";
import { signIn, type ApiAnswer, type ApiClient } from "@automna/testkit/api-client";
import { clerkCustomer } from "../steps/clerk-customer.ts";
import type { World } from "./world.ts";

/** Somebody signs up, each source in its own way, and is a customer like any other from then on. */
export async function signUp(world: World, email: string): Promise<ApiClient> {
  const { product, clerk } = world;
  if (clerk === null) return signIn(await product.newStartLink(), email);
  const { id } = clerk.signUp(email);
  const { sessionId } = clerk.signIn(id);
  return clerkCustomer(product.url, clerk, { userId: id, sessionId });
}

/** The customer who signed up in a browser, from a second place. */
export async function signInAgain({ product, clerk }: World, email: string): Promise<ApiClient> {
  if (clerk === null) return signIn(await product.newStartLink(), email);
  const user = [...clerk.state.users.values()].find((known) => known.email === email);
  if (user === undefined) throw new Error("nobody has signed up");
  return clerkCustomer(product.url, clerk, { userId: user.id, sessionId: clerk.signIn(user.id).sessionId });
}

export async function billingOf(customer: ApiClient): Promise<BillingView> {
  await customer.refresh();
  return billingViewSchema.parse((await customer.call("billing")).body);
}

/** `402 plan_needed /dashboard/plans`: how a call was refused and where it sends the customer. */
export function refusalOf({ status, body }: ApiAnswer): string {
  const error = (body as { error?: { code?: string; details?: { page?: string } } } | null)?.error;
  return `${status} ${error?.code ?? ""} ${error?.details?.page ?? ""}`.trim();
}
