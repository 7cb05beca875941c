import type { BillingView } from "@automna/contract/billing";
import type { Tier } from "@automna/core/tiers/catalogue";
import { useState } from "react";
import { Button } from "../../components/Button.tsx";
import { formatMoney } from "./billing-texts.ts";
import { PlanChangeDialog } from "./PlanChangeDialog.tsx";

type Plan = NonNullable<BillingView["plan"]>;

/** What a plan's button says; null = there is nothing to do about it. */
function actionFor(tier: Tier, { tier: current, nextTier, endsAtPeriodEnd }: Plan): string | null {
  if (tier === current) return nextTier !== null || endsAtPeriodEnd ? "Keep" : null;
  return tier === nextTier ? null : "Switch";
}

function noteFor(tier: Tier, { tier: current, nextTier }: Plan): string | null {
  if (tier === current) return "Your plan";
  return tier === nextTier ? "Next" : null;
}

export function PlanOffers({ offers, plan }: { offers: BillingView["offers"]; plan: Plan }) {
  const [wanted, setWanted] = useState<Tier | null>(null);
  return (
    <>
      <ul data-testid="plan-offers" className="-my-3">
        {offers.map(({ tier, label, priceCents, memoryMb, creditsPerMonth }) => {
          const [action, note] = [actionFor(tier, plan), noteFor(tier, plan)];
          return (
            <li
              key={tier}
              className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3 last:border-0"
            >
              <div className="min-w-0 flex-1 basis-56">
                <p className="font-medium">
                  {label}
                  {note ? <span className="ml-2 text-13 font-normal text-ready">{note}</span> : null}
                </p>
                <p data-figures className="text-13 text-ink-3">
                  {Number((memoryMb / 1024).toFixed(1))} GB of memory, {creditsPerMonth.toLocaleString("en-US")} credits
                  a month
                </p>
              </div>
              <p data-figures className="whitespace-nowrap">
                {formatMoney(priceCents)} <span className="text-13 text-ink-3">per month</span>
              </p>
              <div className="w-20">
                {action ? (
                  <Button
                    size="small"
                    className="w-full"
                    aria-label={`${action} ${label}`}
                    onClick={() => setWanted(tier)}
                  >
                    {action}
                  </Button>
                ) : null}
              </div>
            </li>
          );
        })}
      </ul>
      {wanted === null ? null : <PlanChangeDialog key={wanted} tier={wanted} onClose={() => setWanted(null)} />}
    </>
  );
}
