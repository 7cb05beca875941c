import { SECOND_MS } from "@automna/core/shared/clock";
import { Stripe } from "stripe";

const TIMEOUT_MS = 10 * SECOND_MS;
const RETRIES = 2;

/** Stripe's own client. Its retries carry an idempotency key each. */
export function openStripe({ key, url }: { key: string; url: string }): Stripe {
  const { hostname, port, protocol } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    ...(port === "" ? {} : { port }),
    protocol: protocol === "http:" ? "http" : "https",
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
  });
}
