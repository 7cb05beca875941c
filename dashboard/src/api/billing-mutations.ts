import { DELETE_WORDS } from "@automna/contract/identity";
import type { Tier } from "@automna/core/tiers/catalogue";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { usePlatform } from "./api-context.tsx";
import { queryKeys } from "./queries.ts";

/** Leads to Stripe's page for buying a plan. */
export function useCheckout() {
  const { api } = usePlatform();
  return useMutation({
    mutationFn: (tier: Tier) => api.call("billingCheckout", { body: { tier } }),
    onSuccess: ({ url }) => location.assign(url),
  });
}

/** Leads to Stripe's page for cards and invoices. */
export function usePortal() {
  const { api } = usePlatform();
  return useMutation({
    mutationFn: () => api.call("billingPortal", {}),
    onSuccess: ({ url }) => location.assign(url),
  });
}

/** True begins the end of the account, false takes it back. */
export function useDeleteAccount() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (isWanted: boolean) =>
      isWanted ? api.call("deleteAccount", { body: { confirm: DELETE_WORDS } }) : api.call("keepAccount", {}),
    onSuccess: (view) => {
      cache.setQueryData(queryKeys.accountDeletion, view);
      void cache.invalidateQueries({ queryKey: queryKeys.billing });
      void cache.invalidateQueries({ queryKey: queryKeys.agents });
    },
  });
}
