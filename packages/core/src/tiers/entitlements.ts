import type { AiUsage } from "../credits/meter-message.ts";
import { DAY_MS } from "../shared/clock.ts";
import { tierCatalogue, type Tier } from "./catalogue.ts";

/** What a customer may do, by tier. api asks before it acts, the dashboard before it offers; nothing else names a tier. */
export function canConnectIntegration(tier: Tier, connected: number): boolean {
  const { integrations } = tierCatalogue[tier];
  return integrations === null || connected < integrations;
}

/** Overage is for tiers that are paid for by card: elsewhere there is nobody to bill. */
export function canUseOverage(tier: Tier): boolean {
  return tierCatalogue[tier].sale !== "internal";
}

/** Who pays for the model: the customer's key wherever there is one, credits only on tiers that have them. */
export function chooseAiUsage(tier: Tier, hasOwnKey: boolean): AiUsage {
  return tierCatalogue[tier].aiUsage.includes("credits") && !hasOwnKey ? "credits" : "byok";
}

/** Memory from before this time is no longer kept, ms since the epoch; null = all of it is. */
export function memoryHorizon(tier: Tier, now: number): number | null {
  const { memoryDays } = tierCatalogue[tier];
  return memoryDays === null ? null : now - memoryDays * DAY_MS;
}

/** May the customer's own programs use the api? Null = no plan. */
export function canUseApi(tier: Tier | null): boolean {
  return tier !== null && tierCatalogue[tier].hasApiAccess;
}
