import type { StripeRoutes } from "./answer.ts";
import { need } from "./state.ts";
import { list } from "./wire-billing.ts";
import type { Wire } from "./wire-catalogue.ts";

/** The card that a customer entered on the hosted page. */
export const cardRoutes: StripeRoutes = {
  "GET /v1/customers/:id/payment_methods": ({ state, params }) => {
    const customer = need(state.customers, "customer", params["id"] ?? "");
    const fingerprint = state.fingerprints.get(customer.id) ?? `own_${customer.id}`;
    const cards = customer.card === "none" ? [] : [cardWire(customer.id, fingerprint, customer.created)];
    return list(`/v1/customers/${customer.id}/payment_methods`, cards);
  },
};

function cardWire(customerId: string, fingerprint: string, created: number): Wire {
  return {
    id: `pm_${customerId}`,
    object: "payment_method",
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: "visa",
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
      country: "US",
      display_brand: "visa",
      exp_month: 12,
      exp_year: 2034,
      fingerprint,
      funding: "credit",
      generated_from: null,
      last4: "4242",
      networks: { available: ["visa"], preferred: null },
      regulated_status: "unregulated",
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created,
    customer: customerId,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: "card",
  };
}
