import { warningPercents } from "@automna/core/credits/overage";
import { BLOCK_CREDITS } from "@automna/core/credits/prices";
import { tiers } from "@automna/core/tiers/catalogue";
import { z } from "zod";

const credits = z.number().int();

/** GET /api/credits. */
export const creditsViewSchema = z.object({
  tier: z.enum(tiers),
  /** What may be spent now; negative while overage is in use. */
  remaining: credits,
  /** Set aside for something under way. */
  held: credits,
  /** The plan's month; null until its first credits have come. */
  month: z.object({ credits, startMs: z.number().int(), used: credits }).nullable(),
  /** Of what is overdrawn, what payments that went back left behind: new credits pay it, overage never bills it. */
  owed: credits,
  usedPercent: z.number().int().min(0).max(100),
  warning: z.union(warningPercents.map((percent) => z.literal(percent))).nullable(),
  /** credits: AI messages are paid in credits; byok: they are on the customer's own key and cost nothing here. */
  aiUsage: z.enum(["byok", "credits"]),
  overage: z.object({
    canUse: z.boolean(),
    /** How far the balance may go below 0; null = overage is off. */
    capCredits: credits.nullable(),
    /** Blocks begun in this month, each billed once. */
    blocks: credits,
    blockCredits: credits,
    blockPriceCents: z.number().int(),
  }),
  prices: z.array(z.object({ resource: z.string(), label: z.string(), credits })),
});
export type CreditsView = z.infer<typeof creditsViewSchema>;

const statementLimit = { usual: 50, most: 200 } as const;

/** GET /api/credits/statement: newest first; the next page begins before `nextBefore`. */
export const statementQuerySchema = z.strictObject({
  before: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  limit: z.coerce.number().int().min(1).max(statementLimit.most).default(statementLimit.usual),
});
export const statementSchema = z.object({
  entries: z.array(
    z.object({
      number: z.number().int(),
      atMs: z.number().int(),
      text: z.string(),
      /** Added to the balance; negative = taken from it. */
      credits,
      /** The balance after it: what remains and what is held. */
      balance: credits,
    }),
  ),
  nextBefore: z.number().int().nullable(),
});
export type Statement = z.infer<typeof statementSchema>;

const MOST_BLOCKS = 100;

/** PUT /api/credits/overage: whole blocks, because whole blocks are billed. */
export const putOverageSchema = z.strictObject({
  capCredits: z
    .number()
    .int()
    .multipleOf(BLOCK_CREDITS, "Overage is billed in blocks of 1,000 credits.")
    .min(BLOCK_CREDITS, "Allow at least 1,000 credits, or switch overage off.")
    .max(MOST_BLOCKS * BLOCK_CREDITS, "At most 100,000 credits. Write to us if you need more.")
    .nullable(),
});
