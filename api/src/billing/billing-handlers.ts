import type { Clock } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import type { BillingView } from "@automna/contract/billing";
import { priceKey, sellableTiers } from "@automna/core/billing/price-keys";
import type { Tier } from "@automna/core/tiers/catalogue";
import { toTier } from "@automna/records/agents";
import { linkCustomer, readServiceFacts } from "@automna/records/billing";
import { BILLING_PATH, PLANS_PATH } from "@automna/contract/paths";
import type { Pool } from "@automna/records/pool";
import type { Database } from "@automna/records/database";
import type { Stripe } from "stripe";
import type { Handlers } from "../http/routes.ts";
import { settleCheckout } from "./settle-checkout.ts";
import { USER_ID_FIELD } from "./fetch-subscription.ts";

export interface BillingHandlerDeps {
  db: Database;
  /** Null = nothing is sold here. */
  stripe: Stripe | null;
  origin: string;
  pool: Pool;
  now: Clock;
  hint: (agentId: string) => Promise<void>;
  limitBilling: (userId: string) => void;
}

export function makeBillingHandlers(
  deps: BillingHandlerDeps,
): Pick<Handlers, "billing" | "billingCheckout" | "billingCheckoutOutcome" | "billingPortal"> {
  const { db, origin, limitBilling } = deps;
  const back = `${origin}${BILLING_PATH}`;
  return {
    billing: ({ caller }) => readBilling(db, caller.userId, deps.stripe !== null),

    async billingCheckout({ caller, body }) {
      const { userId } = caller;
      const stripe = needStripe(deps);
      limitBilling(userId);
      if (!sellableTiers.includes(body.tier)) throw appError("plan_not_for_sale");
      const { standing, isAccountEnding } = await readServiceFacts(db, userId);
      if (isAccountEnding) throw appError("account_ending");
      // A second subscription would be paid twice; changing plan is another call.
      if (standing.kind !== "nothing") throw appError("plan_active");
      const customer = await ensureCustomer(db, stripe, userId);
      const session = await stripe.checkout.sessions.create({
        mode: "subscription",
        customer,
        client_reference_id: userId,
        line_items: [{ price: await findPrice(stripe, body.tier), quantity: 1 }],
        ...(await discountFor(stripe, body.promotionCode)),
        automatic_tax: { enabled: true },
        customer_update: { address: "auto" },
        subscription_data: { metadata: { [USER_ID_FIELD]: userId } },
        metadata: { [USER_ID_FIELD]: userId },
        // Stripe puts the id in.
        success_url: `${origin}${PLANS_PATH}/return?checkout={CHECKOUT_SESSION_ID}`,
        cancel_url: `${origin}${PLANS_PATH}`,
      });
      if (session.url === null) throw appError("service_unavailable");
      return { url: session.url };
    },

    async billingCheckoutOutcome({ caller, params }) {
      const stripe = needStripe(deps);
      limitBilling(caller.userId);
      return { state: await settleCheckout({ ...deps, stripe }, { ...params, userId: caller.userId }) };
    },

    async billingPortal({ caller }) {
      const stripe = needStripe(deps);
      limitBilling(caller.userId);
      const known = await db.billingCustomer.findUnique({ where: { userId: caller.userId } });
      if (known === null) throw appError("billing_not_started");
      const { url } = await stripe.billingPortal.sessions.create({ customer: known.customerId, return_url: back });
      return { url };
    },
  };
}

function needStripe({ stripe }: Pick<BillingHandlerDeps, "stripe">): Stripe {
  if (stripe === null) throw appError("billing_unavailable");
  return stripe;
}

async function readBilling(db: Database, userId: string, isAvailable: boolean): Promise<BillingView> {
  const [entitlement, subscriptions] = await Promise.all([
    db.entitlement.findUnique({ where: { userId } }),
    db.subscription.findMany({ where: { userId, endedAt: null }, orderBy: { periodStart: "asc" } }),
  ]);
  return {
    isAvailable,
    tier: toTier(entitlement?.tier ?? null),
    dunning: entitlement?.dunning ?? "clear",
    deadlineMs: entitlement?.deadline?.getTime() ?? null,
    subscriptions: subscriptions.map(({ tier, status, periodEnd, endsAtPeriodEnd }) => ({
      tier: toTier(tier),
      status,
      periodEndMs: periodEnd.getTime(),
      endsAtPeriodEnd,
    })),
  };
}

/** The user's Stripe customer, made on first use; two calls at once end with one (the key makes them one at Stripe). */
async function ensureCustomer(db: Database, stripe: Stripe, userId: string): Promise<string> {
  const known = await db.billingCustomer.findUnique({ where: { userId } });
  if (known !== null) return known.customerId;
  const user = await db.user.findUniqueOrThrow({ where: { id: userId } });
  // Without the profile, which may change between two tries: the same key must come with the same call.
  const customer = await stripe.customers.create(
    { metadata: { [USER_ID_FIELD]: userId } },
    { idempotencyKey: `customer/${userId}` },
  );
  const customerId = await linkCustomer(db, userId, customer.id);
  await stripe.customers.update(customerId, { email: user.email, ...(user.name === "" ? {} : { name: user.name }) });
  return customerId;
}

async function findPrice(stripe: Stripe, tier: Tier): Promise<string> {
  const lookupKey = priceKey(tier);
  if (lookupKey === null) throw appError("plan_not_for_sale");
  const { data } = await stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 });
  const [price] = data;
  if (price === undefined) throw appError("plan_not_for_sale");
  return price.id;
}

/** With a code of the customer's the discount is set; without one Stripe's page has a field for it. */
async function discountFor(
  stripe: Stripe,
  code: string | undefined,
): Promise<Pick<Stripe.Checkout.SessionCreateParams, "discounts" | "allow_promotion_codes">> {
  if (code === undefined) return { allow_promotion_codes: true };
  const { data } = await stripe.promotionCodes.list({ code, active: true, limit: 1 });
  const [found] = data;
  return found === undefined ? { allow_promotion_codes: true } : { discounts: [{ promotion_code: found.id }] };
}
