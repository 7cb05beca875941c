import type { BillingView } from "@automna/contract/billing";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../../api/api-context.tsx";
import { invoicesQuery } from "../../api/queries.ts";
import { formatDay } from "../../components/relative-time.ts";
import { formatMoney, planLabel, planSentence } from "./billing-texts.ts";

/** What is paid for now, and what comes next. */
export function CurrentPlan({ plan }: { plan: NonNullable<BillingView["plan"]> }) {
  const { api } = usePlatform();
  const { data: invoices } = useQuery(invoicesQuery(api));
  return (
    <div className="grid gap-1">
      <p data-testid="current-plan" className="text-28 font-semibold tracking-tight">
        {planLabel(plan.tier)}
      </p>
      <p className="text-ink-2">{planSentence(plan, formatDay)}</p>
      {/* Room for the line is there before Stripe has answered: nothing below it moves. */}
      <p data-testid="next-invoice" data-figures className="min-h-[1.5em] text-ink-2">
        {invoices?.next
          ? `Next invoice: ${formatMoney(invoices.next.amountCents, invoices.next.currency)} on ${formatDay(invoices.next.atMs)}.`
          : ""}
      </p>
    </div>
  );
}
