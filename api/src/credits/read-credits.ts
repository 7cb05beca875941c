import type { Account } from "@automna/core/credits/ledger";
import { emptyBalances } from "@automna/core/credits/ledger";
import type { AiUsage } from "@automna/core/credits/meter-message";
import { chooseWarning, usedPercent } from "@automna/core/credits/overage";
import { BLOCK_CREDITS, BLOCK_PRICE_CENTS, priceList, resources } from "@automna/core/credits/prices";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";
import { canUseOverage } from "@automna/core/tiers/entitlements";
import type { CreditsView } from "@automna/contract/credits";

/** An account as its owner sees it; null = it never had credits. */
export function toCreditsView(
  account: Account | null,
  { tier, aiUsage }: { tier: Tier; aiUsage: AiUsage },
): CreditsView {
  const { available, held, spent, issued } = account?.balances ?? emptyBalances;
  const used = spent - (account?.periodSpentBase ?? 0);
  const use = { used, left: available + held };
  const startMs = account?.periodStartedAtMs ?? null;
  return {
    tier,
    remaining: available,
    held,
    owed: account?.debt ?? 0,
    month: startMs === null ? null : { credits: tierCatalogue[tier].creditsPerMonth, startMs, used },
    usedPercent: issued === 0 ? 0 : usedPercent(use),
    warning: chooseWarning({ ...use, hasHadCredits: issued > 0 }),
    aiUsage,
    overage: {
      canUse: canUseOverage(tier),
      capCredits: account?.overageCap ?? null,
      blocks: account?.overageBlocks ?? 0,
      blockCredits: BLOCK_CREDITS,
      blockPriceCents: BLOCK_PRICE_CENTS,
    },
    prices: resources.map((resource) => ({ resource, ...priceList[resource] })),
  };
}
