/** The plans, once (product.md, "Plans"). Nothing else names a plan or a limit. */
export const tiers = ["local", "starter", "pro", "business", "max"] as const;
export type Tier = (typeof tiers)[number];

export interface TierFacts {
  /** What a person reads. */
  label: string;
  /** Price per month in cents; null = not for sale. */
  monthlyPriceCents: number | null;
  /** Memory limit of the slot, MB. */
  memoryMb: number;
  placement: "local" | "shared" | "dedicated";
}

export const tierCatalogue: Record<Tier, TierFacts> = {
  // The embedded set-up's own tier. 2 GB is what OpenClaw needs with room to spare (1 GB is its measured floor).
  local: { label: "This machine", monthlyPriceCents: null, memoryMb: 2_560, placement: "local" },
  starter: { label: "Starter", monthlyPriceCents: 2_900, memoryMb: 2_560, placement: "shared" },
  pro: { label: "Pro", monthlyPriceCents: 7_900, memoryMb: 4_096, placement: "shared" },
  business: { label: "Business", monthlyPriceCents: 12_900, memoryMb: 8_192, placement: "dedicated" },
  max: { label: "Max", monthlyPriceCents: 24_900, memoryMb: 16_384, placement: "dedicated" },
};
