/** What costs credits (product.md, "Credits"). A resource without a meter yet is a price that nobody charges. */
export const resources = [
  "ai_message",
  "ai_message_deep",
  "browser_minute",
  "storage_100mb_month",
  "scheduled_run",
  "email",
] as const;
export type Resource = (typeof resources)[number];

export interface PriceFacts {
  /** What a statement says was used. */
  label: string;
  /** Credits for one. */
  credits: number;
}

export const priceList: Record<Resource, PriceFacts> = {
  ai_message: { label: "AI message", credits: 1 },
  ai_message_deep: { label: "AI message on Opus or with extended thinking", credits: 5 },
  browser_minute: { label: "Browser minute", credits: 2 },
  storage_100mb_month: { label: "100 MB stored for a month", credits: 10 },
  scheduled_run: { label: "Scheduled task run", credits: 1 },
  email: { label: "Email sent", credits: 1 },
};

/** Credits for `quantity` of a resource; a started minute or 100 MB counts as a whole one. */
export function chooseCredits(resource: Resource, quantity: number): number {
  if (!(quantity >= 0)) throw new RangeError(`a quantity is never ${quantity}`);
  return Math.ceil(quantity) * priceList[resource].credits;
}

/** Overage and add-on packs: $10 per 1,000 credits. */
export const BLOCK_CREDITS = 1_000;
export const BLOCK_PRICE_CENTS = 1_000;
