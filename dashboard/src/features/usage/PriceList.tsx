import type { CreditsView } from "@automna/contract/credits";
import type { Resource } from "@automna/core/credits/prices";

const aiResources = ["ai_message", "ai_message_deep"] as const satisfies Resource[];

/** What each thing costs, from the platform's own price list. */
export function PriceList({ prices, aiUsage }: Pick<CreditsView, "prices" | "aiUsage">) {
  return (
    <dl className="-my-2.5">
      {prices.map(({ resource, label, credits }) => (
        <div key={resource} className="flex justify-between gap-6 border-b border-line py-2.5 last:border-0">
          <dt className="text-ink-2">{label}</dt>
          <dd data-figures className="shrink-0">
            {aiUsage === "byok" && aiResources.some((one) => one === resource)
              ? "free on your key"
              : `${credits} ${credits === 1 ? "credit" : "credits"}`}
          </dd>
        </div>
      ))}
    </dl>
  );
}
