import { meaningOfPrice, type PriceMeaning } from "@automna/core/billing/price-keys";
import type { Stripe } from "stripe";

export interface PriceBook {
  /** What a price at Stripe is for; null = nothing of ours. */
  meaningOf: (priceId: string) => Promise<PriceMeaning | null>;
  /** The price that is sold under a lookup key now; null = there is none. */
  find: (lookupKey: string) => Promise<Stripe.Price | null>;
}

/** What prices mean never changes, so that each is asked for once. */
export function makePriceBook(stripe: Pick<Stripe, "prices">): PriceBook {
  const meanings = new Map<string, PriceMeaning | null>();
  return {
    async meaningOf(priceId) {
      const known = meanings.get(priceId);
      if (known !== undefined) return known;
      const meaning = meaningOfPrice(await stripe.prices.retrieve(priceId));
      meanings.set(priceId, meaning);
      return meaning;
    },
    async find(lookupKey) {
      const { data } = await stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 });
      return data[0] ?? null;
    },
  };
}
