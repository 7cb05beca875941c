import type { ActOnCustomer } from "@automna/contract/admin";
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";

const keys = {
  found: (q: string) => ["admin", "found", q],
  customer: (userId: string) => ["admin", "customer", userId],
} as const;

export const foundCustomersQuery = (api: ApiClient, q: string) =>
  queryOptions({
    queryKey: keys.found(q),
    queryFn: () => api.call("findCustomers", { query: { q } }),
    staleTime: 5_000,
  });

export const customerQuery = (api: ApiClient, userId: string) =>
  queryOptions({
    queryKey: keys.customer(userId),
    queryFn: () => api.call("getCustomer", { params: { userId } }),
    staleTime: 5_000,
  });

export const customerStatementQuery = (api: ApiClient, userId: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.customer(userId), "statement"],
    queryFn: ({ pageParam }) =>
      api.call("getCustomerStatement", {
        params: { userId },
        query: pageParam === null ? {} : { before: pageParam },
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.nextBefore,
    staleTime: 5_000,
  });

export const customerPaymentsQuery = (api: ApiClient, userId: string) =>
  queryOptions({
    queryKey: [...keys.customer(userId), "payments"],
    queryFn: () => api.call("getCustomerPayments", { params: { userId } }),
    staleTime: 5_000,
  });

export const customerEventsQuery = (api: ApiClient, userId: string) =>
  queryOptions({
    queryKey: [...keys.customer(userId), "events"],
    queryFn: () => api.call("getCustomerEvents", { params: { userId } }),
    staleTime: 5_000,
  });

export const customerAuditQuery = (api: ApiClient, userId: string) =>
  queryOptions({
    queryKey: [...keys.customer(userId), "audit"],
    queryFn: () => api.call("getCustomerAudit", { params: { userId } }),
    staleTime: 5_000,
  });

/** Everything that is shown of the customer is looked at anew afterwards, also when it was refused: that is audited too. */
export function useActOnCustomer(userId: string) {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: ActOnCustomer) => api.call("actOnCustomer", { params: { userId }, body }),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.customer(userId) }),
  });
}
