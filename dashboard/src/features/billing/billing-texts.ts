import type { BillingView, PlanPreview } from "@automna/contract/billing";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";

type Plan = NonNullable<BillingView["plan"]>;

/** "$29", "$49.81", "−$5". */
export function formatMoney(cents: number, currency = "usd"): string {
  const digits = cents % 100 === 0 ? 0 : 2;
  const text = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
  }).format(Math.abs(cents) / 100);
  return cents < 0 ? `−${text}` : text;
}

export function planLabel(tier: Tier | null): string {
  return tier === null ? "No plan" : tierCatalogue[tier].label;
}

/** What the customer should know about their plan, in one sentence. */
export function planSentence(plan: Plan, formatDay: (ms: number) => string): string {
  const day = formatDay(plan.periodEndMs);
  if (plan.status === "past_due" || plan.status === "unpaid") return "The last payment failed.";
  if (plan.endsAtPeriodEnd) return `Cancelled. It stays until ${day} and is not renewed.`;
  if (plan.nextTier !== null) return `Paid until ${day}. Then it becomes ${planLabel(plan.nextTier)}.`;
  if (plan.trialEndsMs !== null)
    return `You are trying it until ${formatDay(plan.trialEndsMs)}. Then the first month is charged.`;
  return `Renews on ${day}.`;
}

/** What a change does and costs, before anybody agrees to it. */
export function changeSentences(preview: PlanPreview, formatDay: (ms: number) => string): string[] {
  const { kind, dueNowCents, creditsNow, nextInvoiceCents, nextInvoiceAtMs, effectiveAtMs, currency, tier } = preview;
  const next = `${formatMoney(nextInvoiceCents, currency)} on ${formatDay(nextInvoiceAtMs)}, with the next invoice.`;
  switch (kind) {
    case "upgrade":
      return [
        `${formatMoney(dueNowCents, currency)} now, for the days that are left of this month.`,
        ...(creditsNow > 0 ? [`${creditsNow.toLocaleString("en-US")} more credits come with it at once.`] : []),
        next,
      ];
    case "downgrade":
      return [
        `Nothing now: what you paid for stays yours until ${formatDay(effectiveAtMs)}.`,
        `From then on ${planLabel(tier)}, with its memory, credits and limits.`,
        next,
      ];
    case "keep":
      return ["Your plan goes on as it is, and nothing is charged now.", next];
    case "switch":
      return ["You are still trying it, so nothing is charged now.", next];
  }
}

const statusWords: Readonly<Record<string, string>> = {
  paid: "Paid",
  open: "Open",
  void: "Cancelled",
  uncollectible: "Not collected",
};

export function invoiceStatus(status: string): string {
  return statusWords[status] ?? status;
}
