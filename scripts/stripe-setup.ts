// `npm run stripe:setup`: makes in a Stripe account what the platform sells. Reads API_STRIPE_KEY (or …_FILE) and API_STRIPE_URL.
import { openStripe } from "../api/src/billing/open-stripe.ts";
import { ensureStripeCatalogue } from "../api/src/billing/stripe-catalogue.ts";
import { loadConfig } from "@automna/service-kit/load-config";
import { z } from "zod";

const { API_STRIPE_KEY: key, API_STRIPE_URL: url } = loadConfig(
  z.object({
    API_STRIPE_KEY: z.string().min(1).describe("Stripe's secret key"),
    API_STRIPE_URL: z.url().default("https://api.stripe.com").describe("Stripe's API"),
  }),
  process.env,
);
const made = await ensureStripeCatalogue(openStripe({ key, url }));
for (const what of made) console.log(`  made ${what}`);
console.log(made.length === 0 ? "Everything is there already." : `${made.length} made.`);
