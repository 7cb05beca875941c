import type { AiUsage } from "../credits/meter-message.ts";

/** The plans, once (product.md, "Plans"). Nothing else names a plan or a limit. */
export const tiers = ["local", "starter", "pro", "business", "max", "enterprise"] as const;
export type Tier = (typeof tiers)[number];

export interface TierFacts {
  /** What a person reads. */
  label: string;
  /** listed: anybody can buy it; contact: sold by people; internal: not for sale. */
  sale: "listed" | "contact" | "internal";
  /** Price per month in cents; null = there is no listed price. */
  monthlyPriceCents: number | null;
  /** Stripe's lookup key of that price, by which billing finds it in every Stripe account. */
  priceLookupKey: string | null;
  /** Memory limit of the slot, MB. */
  memoryMb: number;
  /** Processor cores that the slot may use at once: a boot alone takes 15 to 25 seconds of one. */
  cpus: number;
  /** Size of the slot's volume, MB. */
  volumeMb: number;
  placement: "local" | "shared" | "dedicated";
  /** Hetzner server types, best first, resolved against the live list; empty where no server is ordered. */
  serverTypes: readonly string[];
  creditsPerMonth: number;
  /** Who may pay for the model, the usual choice first. */
  aiUsage: readonly [AiUsage, ...AiUsage[]];
  /** Connected channels beside web chat; null = as many as one likes. */
  integrations: number | null;
  /** How long the agent remembers, days; null = for good. */
  memoryDays: number | null;
  hasBrowser: boolean;
  hasInbox: boolean;
  hasApiAccess: boolean;
  hasAnalytics: boolean;
  /** May be stopped when idle, and wakes on the next request. */
  canSleep: boolean;
}

const everything = {
  integrations: null,
  memoryDays: null,
  hasBrowser: true,
  hasInbox: true,
  hasApiAccess: true,
  hasAnalytics: true,
} as const;

/** CX32's and CX42's successors come first; the rest are the same class of other lines, for when they are sold out. */
const servers8Gb = ["cx33", "cx32", "cpx32", "cpx31", "ccx13"] as const;
const servers16Gb = ["cx43", "cx42", "cpx42", "cpx41", "ccx23"] as const;

export const tierCatalogue: Record<Tier, TierFacts> = {
  // The embedded set-up's own tier: all of it on one's own machine. 2 GB is what OpenClaw needs with room to spare
  // (1 GB is its measured floor).
  local: {
    ...everything,
    label: "This machine",
    sale: "internal",
    monthlyPriceCents: null,
    priceLookupKey: null,
    memoryMb: 2_560,
    cpus: 2,
    volumeMb: 10_240,
    placement: "local",
    serverTypes: [],
    creditsPerMonth: 2_000,
    // Credits as well, where the operator gave egress a key of the platform's own.
    aiUsage: ["byok", "credits"],
    canSleep: true,
  },
  starter: {
    label: "Starter",
    sale: "listed",
    monthlyPriceCents: 2_900,
    priceLookupKey: "automna_starter_monthly",
    memoryMb: 2_560,
    cpus: 2,
    volumeMb: 10_240,
    placement: "shared",
    serverTypes: [],
    creditsPerMonth: 500,
    aiUsage: ["byok"],
    integrations: 1,
    memoryDays: 30,
    hasBrowser: false,
    hasInbox: false,
    hasApiAccess: false,
    hasAnalytics: false,
    canSleep: true,
  },
  pro: {
    ...everything,
    label: "Pro",
    sale: "listed",
    monthlyPriceCents: 7_900,
    priceLookupKey: "automna_pro_monthly",
    memoryMb: 4_096,
    cpus: 2,
    volumeMb: 20_480,
    placement: "shared",
    serverTypes: [],
    creditsPerMonth: 2_000,
    aiUsage: ["byok"],
    hasApiAccess: false,
    hasAnalytics: false,
    canSleep: false,
  },
  business: {
    ...everything,
    label: "Business",
    sale: "listed",
    monthlyPriceCents: 12_900,
    priceLookupKey: "automna_business_monthly",
    memoryMb: 8_192,
    cpus: 4,
    volumeMb: 40_960,
    placement: "dedicated",
    serverTypes: servers8Gb,
    creditsPerMonth: 15_000,
    aiUsage: ["credits", "byok"],
    canSleep: false,
  },
  max: {
    ...everything,
    label: "Max",
    sale: "listed",
    monthlyPriceCents: 24_900,
    priceLookupKey: "automna_max_monthly",
    memoryMb: 16_384,
    cpus: 8,
    volumeMb: 81_920,
    placement: "dedicated",
    serverTypes: servers16Gb,
    creditsPerMonth: 40_000,
    aiUsage: ["credits", "byok"],
    canSleep: false,
  },
  // Agreed customer by customer: what stands here is what it has at least.
  enterprise: {
    ...everything,
    label: "Enterprise",
    sale: "contact",
    monthlyPriceCents: null,
    priceLookupKey: null,
    memoryMb: 16_384,
    cpus: 8,
    volumeMb: 81_920,
    placement: "dedicated",
    serverTypes: servers16Gb,
    creditsPerMonth: 40_000,
    aiUsage: ["credits", "byok"],
    canSleep: false,
  },
};

/** The beta price: a coupon on one plan, not a plan of its own. */
export const betaCoupon = {
  /** Stripe's id of it. */
  id: "automna_beta",
  name: "Beta price",
  tier: "starter",
  /** Off the plan's price: $19 are left. */
  amountOffCents: 1_000,
  months: 12,
} as const satisfies { tier: Tier; [fact: string]: unknown };
