import { tierCatalogue, tiers, type Tier } from "../tiers/catalogue.ts";

/** The plans that anybody can buy. */
export const sellableTiers: readonly Tier[] = tiers.filter((tier) => priceKey(tier) !== null);

/** Lookup key of a plan's monthly price at Stripe, by which the price is found; null = not for sale. */
export function priceKey(tier: Tier): string | null {
  const { sale, priceLookupKey } = tierCatalogue[tier];
  return sale === "listed" ? priceLookupKey : null;
}

/** The plan of a price; null = none of ours. */
export function tierOfPriceKey(lookupKey: string | null): Tier | null {
  if (lookupKey === null) return null;
  return sellableTiers.find((tier) => priceKey(tier) === lookupKey) ?? null;
}
