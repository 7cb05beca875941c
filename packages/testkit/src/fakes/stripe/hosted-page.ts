import type { IncomingMessage, ServerResponse } from "node:http";
import { completeCheckout } from "./checkouts.ts";
import type { StripeState } from "./state.ts";

const PAGE = /^\/pay\/(cs_\w+)$/;

/** Stripe's page for a purchase, as a browser sees it: one button that pays with a good card. False = another address. */
export function answerHostedPage(state: StripeState, request: IncomingMessage, response: ServerResponse): boolean {
  // Browsers ask for it by themselves.
  if (request.url === "/favicon.ico") {
    response.writeHead(204).end();
    return true;
  }
  const id = PAGE.exec(request.url ?? "")?.[1];
  const checkout = id === undefined ? undefined : state.checkouts.get(id);
  if (checkout === undefined) return false;
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(
      '<!doctype html><title>Checkout</title><form method="post"><button data-testid="pay">Pay and subscribe</button></form>',
    );
    return true;
  }
  completeCheckout(state, checkout.id, "good");
  const back = (checkout.successUrl ?? "/").replace("{CHECKOUT_SESSION_ID}", checkout.id);
  response.writeHead(303, { location: back }).end();
  return true;
}
