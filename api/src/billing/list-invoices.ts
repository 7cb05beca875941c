import type { Invoices } from "@automna/contract/billing";
import type { Stripe } from "stripe";
import { planItemOf } from "./fetch-subscription.ts";

const SHOWN = 24;

/** The customer's invoices, newest first, and the next one, as Stripe has them. */
export async function listInvoices(
  stripe: Stripe,
  { customerId, subscriptionId }: { customerId: string; subscriptionId: string | null },
): Promise<Invoices> {
  const { data } = await stripe.invoices.list({ customer: customerId, limit: SHOWN });
  return {
    invoices: data
      .filter(({ status }) => status !== "draft")
      .map(({ id, number, created, total, currency, status, hosted_invoice_url, invoice_pdf }) => ({
        id,
        number,
        atMs: created * 1_000,
        amountCents: total,
        currency,
        status: status ?? "open",
        url: hosted_invoice_url ?? null,
        pdfUrl: invoice_pdf ?? null,
      })),
    next: subscriptionId === null ? null : await readNext(stripe, subscriptionId),
  };
}

/** Null = there will be none: the plan ends. */
async function readNext(stripe: Stripe, subscriptionId: string): Promise<Invoices["next"]> {
  const subscription = await stripe.subscriptions.retrieve(subscriptionId);
  if (subscription.cancel_at_period_end || subscription.ended_at !== null) return null;
  const { amount_due, currency } = await stripe.invoices.createPreview({ subscription: subscriptionId });
  const endS = planItemOf(subscription)?.current_period_end ?? subscription.start_date;
  return { amountCents: amount_due, currency, atMs: endS * 1_000 };
}
