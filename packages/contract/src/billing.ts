import { dunningStates } from "@automna/core/billing/dunning";
import { refusals } from "@automna/core/billing/service";
import { planChangeKinds } from "@automna/core/billing/plan-change";
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

const MOST_PACKS = 50;

/** POST /api/billing/packs. */
export const packsSchema = z.strictObject({
  packs: z.number().int().min(1, "At least one pack.").max(MOST_PACKS, "At most 50 packs at once."),
});

const cents = z.number().int();

/** POST /api/billing/plan/preview. */
export const planPreviewRequestSchema = z.strictObject({ tier: z.enum(tiers) });

/** What a change of plan would cost and when it would take effect. */
export const planPreviewSchema = z.object({
  kind: z.enum(planChangeKinds),
  tier: z.enum(tiers),
  effectiveAtMs: z.number().int(),
  dueNowCents: cents,
  lines: z.array(z.object({ text: z.string(), amountCents: cents })),
  /** Credits that come with it at once. */
  creditsNow: z.number().int(),
  nextInvoiceCents: cents,
  nextInvoiceAtMs: z.number().int(),
  currency: z.string(),
  /** The moment that the price is for; the change has to name it. */
  prorationAtMs: z.number().int(),
});
export type PlanPreview = z.infer<typeof planPreviewSchema>;

/** POST /api/billing/plan: confirms a preview. */
export const changePlanSchema = z.strictObject({ tier: z.enum(tiers), prorationAtMs: z.number().int() });

/** GET /api/billing/invoices. */
export const invoicesSchema = z.object({
  invoices: z.array(
    z.object({
      id: z.string(),
      number: z.string().nullable(),
      atMs: z.number().int(),
      /** Negative = credit for later invoices. */
      amountCents: cents,
      currency: z.string(),
      status: z.string(),
      url: z.string().nullable(),
      pdfUrl: z.string().nullable(),
    }),
  ),
  /** Null = there will be none. */
  next: z.object({ amountCents: cents, currency: z.string(), atMs: z.number().int() }).nullable(),
});
export type Invoices = z.infer<typeof invoicesSchema>;

/** POST /api/admin/billing/reconcile. */
export const reconcileRequestSchema = z.strictObject({
  /** Lists what differs and repairs nothing. */
  isDryRun: z.boolean().default(false),
});
export const reconciliationSchema = z.object({
  differences: z.array(
    z.object({
      kind: z.enum(["subscription", "invoice", "returned_money", "overage", "books"]),
      /** Stripe's id, or the user's. */
      id: z.string(),
      /** What our records had; null = nothing. */
      ours: z.string().nullable(),
      theirs: z.string(),
      isRepaired: z.boolean(),
    }),
  ),
});
export type BillingDifference = z.infer<typeof reconciliationSchema>["differences"][number];

const subscriptionViewSchema = z.object({
  tier: z.enum(tiers).nullable(),
  /** The plan of the next period, where it is another one. */
  nextTier: z.enum(tiers).nullable(),
  status: z.string(),
  periodEndMs: z.number().int(),
  endsAtPeriodEnd: z.boolean(),
  /** Null = it is not in a trial. */
  trialEndsMs: z.number().int().nullable(),
});

/** GET /api/billing. */
export const billingViewSchema = z.object({
  /** False where nothing is sold, as in the embedded set-up. */
  isAvailable: z.boolean(),
  /** The plan that may be used now; null = none. */
  tier: z.enum(tiers).nullable(),
  dunning: z.enum(dunningStates),
  /** Why no agent may run; null = one may. */
  refusal: z.enum(refusals).nullable(),
  /** When grace, or the keeping of a sleeping agent's data, ends; null = nothing is due. */
  deadlineMs: z.number().int().nullable(),
  subscriptions: z.array(subscriptionViewSchema),
  /** The one that a change of plan is about; null = none runs. */
  plan: subscriptionViewSchema.nullable(),
  /** What can be bought. */
  offers: z.array(
    z.object({
      tier: z.enum(tiers),
      label: z.string(),
      priceCents: cents,
      memoryMb: z.number().int(),
      creditsPerMonth: z.number().int(),
    }),
  ),
  pack: z.object({ credits: z.number().int(), priceCents: cents }),
  /** Days that this customer may try a plan for; 0 = none. */
  trialDays: z.number().int(),
});
export type BillingView = z.infer<typeof billingViewSchema>;
