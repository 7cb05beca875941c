import { appError } from "@automna/contract/error-catalogue";
import { sellableTiers } from "@automna/core/billing/price-keys";
import type { Tier } from "@automna/core/tiers/catalogue";
import { BILLING_PATH, PLANS_PATH } from "@automna/contract/paths";
import type { Clock } from "@automna/core/shared/clock";
import { appendAudit } from "@automna/records/audit";
import { readServiceFacts } from "@automna/records/billing";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";
import type { Handlers } from "../http/routes.ts";
import { lockStripeObject } from "./billing-lock.ts";
import { executePlanChange, planChange, PREVIEW_LIVES_MS, previewPlanChange } from "./change-plan.ts";
import { openPackCheckout, openPlanCheckout, type CheckoutParts } from "./checkout.ts";
import { chooseDiscounts } from "./discount.ts";
import { listInvoices } from "./list-invoices.ts";
import { openOnlyCheckout } from "./one-plan.ts";
import { choosePlanSubscription, readBilling, readStanding } from "./read-billing.ts";
import { reconcileBilling } from "./reconcile-billing.ts";
import { refreshSubscription } from "./refresh-subscription.ts";
import { settleCheckout } from "./settle-checkout.ts";
import { ensureCustomer } from "./stripe-customer.ts";
import { toBillingDeps } from "./stripe-inbox.ts";

export interface BillingHandlerDeps {
  db: Database;
  pool: Pool;
  now: Clock;
  /** Null = nothing is sold here. */
  stripe: Stripe | null;
  origin: string;
  /** Plan of those who pay nothing; null = plans are bought. */
  freeTier: Tier | null;
  /** Days that a first plan may be tried for. */
  trialDays?: number;
  hint: (agentId: string) => Promise<void>;
  limitBilling: (userId: string) => void;
}

type BillingHandlers = Pick<
  Handlers,
  | "billing"
  | "billingCheckout"
  | "billingCheckoutOutcome"
  | "billingPacks"
  | "billingPlanPreview"
  | "billingPlan"
  | "billingInvoices"
  | "billingPortal"
  | "reconcileBilling"
>;

/** The audit of a change of plan; counting them tells the same change again from another one. */
const PLAN_CHANGED = "billing.plan_changed";
/** Longest that a change of plan may take with its calls to Stripe, ms. */
const CHANGE_TIMEOUT_MS = 45_000;

export function makeBillingHandlers(deps: BillingHandlerDeps): BillingHandlers {
  const { db, origin, freeTier, limitBilling, now, trialDays = 0 } = deps;
  const back = `${origin}${BILLING_PATH}`;
  const billing =
    deps.stripe === null ? null : { ...toBillingDeps({ ...deps, stripe: deps.stripe }), stripe: deps.stripe };
  const needBilling = () => {
    if (billing === null) throw appError("billing_unavailable");
    return billing;
  };
  const view = (userId: string) => readBilling(db, userId, { isAvailable: billing !== null, trialDays, freeTier });

  const backTo = { successUrl: `${back}?checkout=done`, cancelUrl: `${back}?checkout=left` };
  const checkoutParts = async (userId: string): Promise<CheckoutParts> => {
    const { stripe, prices } = needBilling();
    return { stripe, prices, userId, customer: await ensureCustomer(db, stripe, userId), ...backTo };
  };

  return {
    billing: ({ caller }) => view(caller.userId),

    async billingCheckout({ caller: { userId }, body: { tier, promotionCode } }) {
      const selling = needBilling();
      limitBilling(userId);
      if (!sellableTiers.includes(tier)) throw appError("plan_not_for_sale");
      // A second subscription would be paid twice; changing plan is another call.
      const { standing, isAccountEnding } = await readServiceFacts(db, userId);
      if (isAccountEnding) throw appError("account_ending");
      if (standing.kind !== "nothing") throw appError("plan_active");
      const isFirst = (await db.subscription.count({ where: { userId } })) === 0;
      const plans = `${origin}${PLANS_PATH}`;
      const parts = {
        ...(await checkoutParts(userId)),
        // Stripe puts the id in.
        successUrl: `${plans}/return?checkout={CHECKOUT_SESSION_ID}`,
        cancelUrl: plans,
      };
      const discounts = await chooseDiscounts(db, { userId, typed: promotionCode, isFirst });
      const wanted = { tier, discounts, trialDays: isFirst ? trialDays : 0 };
      const open = () => openPlanCheckout(parts, wanted);
      return { url: await openOnlyCheckout({ ...selling, db }, parts, open) };
    },

    async billingCheckoutOutcome({ caller: { userId }, params }) {
      const selling = needBilling();
      limitBilling(userId);
      return { state: await settleCheckout({ ...selling, db }, { ...params, userId }) };
    },

    async billingPacks({ caller: { userId }, body: { packs } }) {
      needBilling();
      limitBilling(userId);
      // Credits are spent by an agent, and without a plan there is none.
      if ((await readStanding(db, userId)).kind !== "paid") throw appError("billing_not_started");
      return { url: await openPackCheckout(await checkoutParts(userId), packs) };
    },

    async billingPlanPreview({ caller: { userId }, body: { tier } }) {
      const selling = needBilling();
      limitBilling(userId);
      const change = await planChange(selling, await needSubscription(db, userId), tier);
      return previewPlanChange(selling, change, { wanted: tier, atS: Math.floor(now() / 1_000) });
    },

    async billingPlan({ caller: { userId }, body: { tier, prorationAtMs } }) {
      const selling = needBilling();
      limitBilling(userId);
      // The price was shown for that moment; anything else would be another price.
      if (prorationAtMs > now() || now() - prorationAtMs > PREVIEW_LIVES_MS) throw appError("preview_expired");
      const subscriptionId = await needSubscription(db, userId);
      await db.$transaction(
        async (tx) => {
          // Of two changes at once the second sees what the first one did.
          await lockStripeObject(tx, subscriptionId);
          const change = await planChange(selling, subscriptionId, tier);
          const changesBefore = await tx.auditEvent.count({ where: { action: PLAN_CHANGED, subject: subscriptionId } });
          await executePlanChange(selling, change, { atS: Math.floor(prorationAtMs / 1_000), changesBefore });
          await refreshSubscription(tx, selling, subscriptionId);
          const data = { from: change.tier, to: tier, kind: change.kind };
          await appendAudit(tx, { userId, action: PLAN_CHANGED, subject: subscriptionId, data });
        },
        { ...transactionLimits, timeout: CHANGE_TIMEOUT_MS },
      );
      return view(userId);
    },

    async billingInvoices({ caller: { userId } }) {
      const { stripe } = needBilling();
      const known = await db.billingCustomer.findUnique({ where: { userId } });
      if (known === null) return { invoices: [], next: null };
      const current = choosePlanSubscription(await db.subscription.findMany({ where: { userId } }));
      return listInvoices(stripe, { customerId: known.customerId, subscriptionId: current?.id ?? null });
    },

    async billingPortal({ caller: { userId } }) {
      const { stripe } = needBilling();
      limitBilling(userId);
      const known = await db.billingCustomer.findUnique({ where: { userId } });
      if (known === null) throw appError("billing_not_started");
      const { url } = await stripe.billingPortal.sessions.create({ customer: known.customerId, return_url: back });
      return { url };
    },

    async reconcileBilling({ caller: { userId }, body: { isDryRun } }) {
      const differences = await reconcileBilling({ ...needBilling(), db }, { by: userId, isDryRun });
      return { differences };
    },
  };
}

async function needSubscription(db: Database, userId: string): Promise<string> {
  const current = choosePlanSubscription(await db.subscription.findMany({ where: { userId } }));
  if (current === null) throw appError("billing_not_started");
  return current.id;
}
