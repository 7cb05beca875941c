import type { PlanPreview } from "@automna/contract/billing";
import type { Tier } from "@automna/core/tiers/catalogue";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { usePlatform } from "./api-context.tsx";
import { queryKeys } from "./queries.ts";

/** What a change of plan would cost; asked anew each time, as the price is of the moment. */
export function usePlanPreview() {
  const { api } = usePlatform();
  return useMutation({ mutationFn: (tier: Tier) => api.call("billingPlanPreview", { body: { tier } }) });
}

/** Carries out what was previewed. */
export function useChangePlan() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ tier, prorationAtMs }: Pick<PlanPreview, "tier" | "prorationAtMs">) =>
      api.call("billingPlan", { body: { tier, prorationAtMs } }),
    onSuccess: (view) => {
      cache.setQueryData(queryKeys.billing, view);
      void cache.invalidateQueries({ queryKey: queryKeys.invoices });
      void cache.invalidateQueries({ queryKey: queryKeys.credits });
    },
  });
}

/** Leads to Stripe's page for credit packs. */
export function useBuyPacks() {
  const { api } = usePlatform();
  return useMutation({
    mutationFn: (packs: number) => api.call("billingPacks", { body: { packs } }),
    onSuccess: ({ url }) => location.assign(url),
  });
}
