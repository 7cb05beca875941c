import { BLOCK_CREDITS } from "../credits/prices.ts";
import { tierCatalogue, tiers, type Tier } from "../tiers/catalogue.ts";

/** Stripe's lookup keys of what is sold beside the plans. */
export const PACK_PRICE_KEY = "automna_credit_pack";
export const OVERAGE_PRICE_KEY = "automna_overage_block";
/** Name of the meter's events at Stripe; one event is one block. */
export const OVERAGE_METER_EVENT = "automna_overage_block";
/** Field of a price's metadata that names the same: it stays when a newer price takes the lookup key over. */
export const PRICE_FIELD = "automna";

/** The plans that anybody can buy. */
export const sellableTiers: readonly Tier[] = tiers.filter((tier) => priceKey(tier) !== null);

/** Lookup key of a plan's monthly price at Stripe, by which the price is found; null = not for sale. */
export function priceKey(tier: Tier): string | null {
  const { sale, priceLookupKey } = tierCatalogue[tier];
  return sale === "listed" ? priceLookupKey : null;
}

export interface PriceNames {
  lookup_key: string | null;
  metadata: Readonly<Record<string, string>>;
}

/** What a price at Stripe is for. */
export type PriceMeaning = { kind: "plan"; tier: Tier } | { kind: "pack"; credits: number } | { kind: "overage" };

/** What a price is for; null = nothing of ours. */
export function meaningOfPrice({ lookup_key: lookupKey, metadata }: PriceNames): PriceMeaning | null {
  const name = metadata[PRICE_FIELD] ?? lookupKey;
  if (name === null) return null;
  if (name === PACK_PRICE_KEY) return { kind: "pack", credits: BLOCK_CREDITS };
  if (name === OVERAGE_PRICE_KEY) return { kind: "overage" };
  const tier = sellableTiers.find((sold) => priceKey(sold) === name);
  return tier === undefined ? null : { kind: "plan", tier };
}

/** The plan of a price; null = none of ours. */
export function tierOfPrice(price: PriceNames): Tier | null {
  const meaning = meaningOfPrice(price);
  return meaning?.kind === "plan" ? meaning.tier : null;
}
