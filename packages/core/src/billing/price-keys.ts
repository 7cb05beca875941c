import { tierCatalogue, tiers, type Tier } from "../tiers/catalogue.ts";

/** Lookup key of a plan's monthly price at Stripe: prices are found by it, so that no price id is configured. */
export function priceKey(tier: Tier): string {
  return `automna_${tier}_monthly`;
}

/** The plan of a price; null = none of ours. */
export function tierOfPriceKey(lookupKey: string | null): Tier | null {
  return sellableTiers.find((tier) => priceKey(tier) === lookupKey) ?? null;
}

/** The plans that can be bought. */
export const sellableTiers: readonly Tier[] = tiers.filter((tier) => tierCatalogue[tier].monthlyPriceCents !== null);
