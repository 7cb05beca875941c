import { tierCatalogue, tiers, type TierFacts } from "@automna/core/tiers/catalogue";

const placements: Record<TierFacts["placement"], string> = {
  local: "This machine",
  shared: "Shared machine, own container",
  dedicated: "Machine of its own",
};

function formatPrice(cents: number): string {
  return `$${(cents / 100).toLocaleString("en-US")}`;
}

function formatMemory(memoryMb: number): string {
  return `${Number((memoryMb / 1024).toFixed(1))} GB`;
}

/** What is for sale, from the catalogue. On a phone each plan is a block of its own. */
export function PlanTable() {
  const plans = tiers.flatMap((tier) => {
    const { label, monthlyPriceCents, ...facts } = tierCatalogue[tier];
    return monthlyPriceCents === null ? [] : [{ tier, label, monthlyPriceCents, ...facts }];
  });
  return (
    <table className="mt-8 w-full border-collapse text-left text-14 sm:text-16">
      <thead className="border-b border-line-strong text-13 text-ink-3">
        <tr>
          <th scope="col" className="py-3 pr-4 font-normal">
            Plan
          </th>
          <th scope="col" className="py-3 pr-4 font-normal">
            Price
          </th>
          <th scope="col" className="py-3 pr-4 font-normal">
            Memory
          </th>
          <th scope="col" className="hidden py-3 pr-4 font-normal sm:table-cell">
            Runs on
          </th>
          <th scope="col" className="hidden py-3 pr-4 font-normal md:table-cell">
            Credits a month
          </th>
          <th scope="col" className="hidden py-3 font-normal lg:table-cell">
            Integrations and memory
          </th>
        </tr>
      </thead>
      <tbody>
        {plans.map((plan) => (
          <tr key={plan.tier} className="border-b border-line align-baseline">
            <th scope="row" className="py-4 pr-4 font-medium">
              {plan.label}
              <span className="mt-0.5 block text-13 font-normal text-ink-3 sm:hidden">
                {placements[plan.placement]}
              </span>
            </th>
            <td className="py-4 pr-4 whitespace-nowrap">
              {formatPrice(plan.monthlyPriceCents)} <span className="text-13 text-ink-3">per month</span>
            </td>
            <td className="py-4 pr-4 whitespace-nowrap">{formatMemory(plan.memoryMb)}</td>
            <td className="hidden py-4 pr-4 text-ink-2 sm:table-cell">{placements[plan.placement]}</td>
            <td data-figures className="hidden py-4 pr-4 text-ink-2 md:table-cell">
              {plan.creditsPerMonth.toLocaleString("en-US")}
            </td>
            <td className="hidden py-4 text-ink-2 lg:table-cell">
              {plan.integrations === null ? "All" : plan.integrations},{" "}
              {plan.memoryDays === null ? "remembers for good" : `remembers ${plan.memoryDays} days`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
