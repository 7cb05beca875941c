import {
  creditsOfInvoice,
  type BoughtCredits,
  type InvoiceLineFacts,
  type InvoiceReason,
} from "@automna/core/billing/invoice-credits";
import type { LedgerOperation } from "@automna/core/credits/operations";
import type { Clock } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import { postOperations } from "@automna/records/credits/post-operations";
import type { Transaction } from "@automna/records/database";
import type { PaidInvoiceRecord } from "@automna/records/paid-invoices";
import type { Pool } from "@automna/records/pool";
import type { Stripe } from "stripe";
import { idOf, USER_ID_FIELD } from "./fetch-subscription.ts";
import { findPayer, type NamedPayer } from "./find-payer.ts";
import type { PriceBook } from "./price-book.ts";

export interface SettleInvoiceDeps {
  stripe: Pick<Stripe, "invoices">;
  prices: Pick<PriceBook, "meaningOf">;
  /** For the ledger, which keeps its own transactions. */
  pool: Pool;
  now: Clock;
  /** The idempotency key of an invoice's grant. */
  grantKey: (invoiceId: string) => string;
}

/** The grant of an invoice is posted once under this key, however often and by whomever the invoice is settled. */
export const invoiceGrantKey = (invoiceId: string): string => `invoice:${invoiceId}`;

const reasons: Readonly<Record<string, InvoiceReason>> = {
  subscription_create: "create",
  subscription_cycle: "cycle",
  subscription_update: "update",
};

/** A paid invoice that buys credits. */
export interface InvoicePurchase {
  payer: NamedPayer;
  subscriptionId: string | null;
  amountCents: number;
  bought: BoughtCredits;
}

/** What an invoice buys; null = it is not paid, or buys no credits. */
export async function readPurchase(deps: SettleInvoiceDeps, invoiceId: string): Promise<InvoicePurchase | null> {
  const invoice = await deps.stripe.invoices.retrieve(invoiceId);
  const { status, customer, metadata, parent, billing_reason: reason, amount_paid: amountCents } = invoice;
  if (status !== "paid" || customer === null) return null;
  const bought = creditsOfInvoice(reasons[reason ?? ""] ?? "other", await readLines(deps, invoice));
  if (bought === null) return null;
  const details = parent?.subscription_details ?? null;
  const namedUserId = metadata?.[USER_ID_FIELD] ?? details?.metadata?.[USER_ID_FIELD] ?? null;
  return {
    payer: { namedUserId, customerId: idOf(customer) },
    subscriptionId: details === null ? null : idOf(details.subscription),
    amountCents,
    bought,
  };
}

/**
 * Gives the credits that a paid invoice bought, once, in whatever order and however often it is asked. Null = it is not
 * paid, buys no credits or is nobody's that we know.
 */
export async function settleInvoice(
  tx: Transaction,
  deps: SettleInvoiceDeps,
  invoiceId: string,
): Promise<PaidInvoiceRecord | null> {
  const known = await tx.paidInvoice.findUnique({ where: { id: invoiceId } });
  if (known !== null) return known;
  const purchase = await readPurchase(deps, invoiceId);
  const userId = purchase === null ? null : await findPayer(tx, purchase.payer);
  if (purchase === null || userId === null) return null;
  const { bought, subscriptionId, amountCents } = purchase;
  const grantKey = deps.grantKey(invoiceId);
  // The ledger comes first and knows its key: a crash before the row below repeats it harmlessly.
  await postAll(deps, toOperations({ userId, grantKey, invoiceId }, bought));
  const row = {
    userId,
    subscriptionId,
    grantKey,
    credits: bought.credits,
    amountCents,
    settledAt: new Date(deps.now()),
  };
  return tx.paidInvoice.upsert({ where: { id: invoiceId }, create: { id: invoiceId, ...row }, update: {} });
}

function toOperations(
  { userId, grantKey, invoiceId }: { userId: string; grantKey: string; invoiceId: string },
  { credits, source, begins, expiresAtMs }: BoughtCredits,
): LedgerOperation[] {
  const operations: LedgerOperation[] = [];
  if (begins !== null)
    operations.push({
      type: "renew",
      userId,
      key: "",
      credits: 0,
      periodStartMs: begins.startMs,
      periodEndMs: begins.endMs,
    });
  if (credits > 0)
    operations.push({
      type: "grant",
      userId,
      key: grantKey,
      credits,
      source,
      expiresAtMs,
      facts: { invoice: invoiceId },
    });
  return operations;
}

async function postAll({ pool, now }: SettleInvoiceDeps, operations: readonly LedgerOperation[]): Promise<void> {
  for (const outcome of await postOperations(pool, operations, now()))
    if (outcome.outcome !== "posted") throw appError("credit_conflict", { details: { ...outcome } });
}

/** All lines: an invoice shows the first few itself. */
async function readLines(
  { stripe, prices }: SettleInvoiceDeps,
  { id, lines }: Stripe.Invoice,
): Promise<InvoiceLineFacts[]> {
  const found: InvoiceLineFacts[] = [];
  const all = lines.has_more
    ? await stripe.invoices.listLineItems(id, { limit: 100 }).autoPagingToArray({ limit: 1_000 })
    : lines.data;
  for (const line of all) found.push(toLineFacts(line, await meaningOf(prices, line)));
  return found;
}

async function meaningOf(prices: Pick<PriceBook, "meaningOf">, { pricing }: Stripe.InvoiceLineItem) {
  const price = pricing?.price_details?.price;
  return price === undefined ? null : prices.meaningOf(idOf(price));
}

export function toLineFacts(
  { amount, quantity, pricing, parent, period }: Stripe.InvoiceLineItem,
  meaning: InvoiceLineFacts["meaning"],
): InvoiceLineFacts {
  return {
    meaning,
    amountCents: amount,
    unitAmountCents: Number(pricing?.unit_amount_decimal ?? 0),
    quantity: quantity ?? 1,
    isProration: parent?.subscription_item_details?.proration ?? parent?.invoice_item_details?.proration ?? false,
    period: { startMs: period.start * 1_000, endMs: period.end * 1_000 },
  };
}
