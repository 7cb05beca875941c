import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";

const placements = {
  local: "This machine",
  shared: "Container of its own",
  dedicated: "Machine of its own",
} as const;

/** What a plan brings, each line a fact of the catalogue. */
export function planLines(tier: Tier): string[] {
  const { memoryMb, placement, creditsPerMonth, aiUsage, integrations, memoryDays, hasBrowser, hasApiAccess } =
    tierCatalogue[tier];
  return [
    `${Number((memoryMb / 1024).toFixed(1))} GB of memory, ${placements[placement].toLowerCase()}`,
    `${creditsPerMonth.toLocaleString("en-US")} credits a month`,
    aiUsage.includes("credits") ? "Answers on credits or your own key" : "Answers on your own Anthropic key",
    integrations === null ? "All integrations" : `${integrations} integration${integrations === 1 ? "" : "s"}`,
    memoryDays === null ? "Remembers for good" : `Remembers ${memoryDays} days`,
    ...(hasBrowser ? ["Its own browser"] : []),
    ...(hasApiAccess ? ["API access"] : []),
  ];
}

/** "$29" */
export function formatPrice(cents: number): string {
  return `$${(cents / 100).toLocaleString("en-US")}`;
}
