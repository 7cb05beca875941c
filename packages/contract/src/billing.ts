import { dunningStates } from "@automna/core/billing/dunning";
import { tiers } from "@automna/core/tiers/catalogue";
import { z } from "zod";

/** POST /api/billing/checkout. */
export const checkoutSchema = z.strictObject({
  tier: z.enum(tiers),
  /** A promotion code that the customer was given. */
  promotionCode: z.string().trim().min(1).max(60).optional(),
});

/** Where the browser goes next: a page of Stripe's. */
export const redirectSchema = z.object({ url: z.url() });

export const checkoutParams = z.object({ checkoutId: z.string().regex(/^cs_\w{8,200}$/) });

/** POST /api/billing/checkout/:checkoutId: what has become of a purchase. */
export const checkoutOutcomeSchema = z.object({
  /** open: not paid yet; expired: it can't be paid any more; processing: paid for, and the bank still works on it. */
  state: z.enum(["open", "expired", "processing", "done"]),
});

/** GET /api/billing. */
export const billingViewSchema = z.object({
  /** False where nothing is sold, as in the embedded set-up. */
  isAvailable: z.boolean(),
  /** The plan that may be used now; null = none. */
  tier: z.enum(tiers).nullable(),
  dunning: z.enum(dunningStates),
  /** When grace, or the keeping of a sleeping agent's data, ends; null = nothing is due. */
  deadlineMs: z.number().int().nullable(),
  subscriptions: z.array(
    z.object({
      tier: z.enum(tiers).nullable(),
      status: z.string(),
      periodEndMs: z.number().int(),
      endsAtPeriodEnd: z.boolean(),
    }),
  ),
});
export type BillingView = z.infer<typeof billingViewSchema>;
