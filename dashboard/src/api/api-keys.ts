import type { CreateApiKey } from "@automna/contract/api-keys";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";

const queryKey = ["api-keys"] as const;

export const apiKeysQuery = (api: ApiClient) =>
  queryOptions({ queryKey, queryFn: () => api.call("listApiKeys", {}), staleTime: 15_000 });

/** The whole key is in this answer alone: it stays with the page that asked, out of every cache. */
export function useCreateApiKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: CreateApiKey) => api.call("createApiKey", { body }),
    gcTime: 0,
    onSuccess: () => cache.invalidateQueries({ queryKey }),
  });
}

export function useRevokeApiKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (keyId: string) => api.call("revokeApiKey", { params: { keyId } }),
    onSettled: () => cache.invalidateQueries({ queryKey }),
  });
}
