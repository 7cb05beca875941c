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

/** Parts of a price that stand on lines of their own. */
const surchargeLabels = {
  ai_message_surcharge: "Opus or extended thinking",
  ai_message_cost: "Model cost beyond the price of a message",
} as const;
export type Surcharge = keyof typeof surchargeLabels;
/** What a charge or a hold is for. */
export type ChargeSubject = Resource | Surcharge;

/** What a statement calls it; null = neither a resource nor a part of a price. */
export function chargeLabel(subject: string): string | null {
  const labels: Readonly<Record<string, string>> = surchargeLabels;
  const resource = resources.find((known) => known === subject);
  if (resource !== undefined) return priceList[resource].label;
  return Object.hasOwn(labels, subject) ? (labels[subject] ?? null) : null;
}

/** Credits for `quantity` of a resource; a started minute or 100 MB counts as a whole one. */
export function chooseCredits(resource: Resource, quantity: number): number {
  if (!(quantity >= 0)) throw new RangeError(`a quantity is never ${quantity}`);
  return Math.ceil(quantity) * priceList[resource].credits;
}

/** Overage and add-on packs: $10 per 1,000 credits. */
export const BLOCK_CREDITS = 1_000;
export const BLOCK_PRICE_CENTS = 1_000;
