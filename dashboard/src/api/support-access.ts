import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";

const EVERY_MS = 60_000;

/** Looked at each minute: whoever has access is shown while they have it. */
export const supportAccessQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ["support-access"],
    queryFn: () => api.call("getSupportAccess", {}),
    refetchInterval: EVERY_MS,
    staleTime: EVERY_MS,
  });

export function useEndSupportAccess() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => api.call("endSupportAccess", {}),
    onSuccess: (view) => cache.setQueryData(supportAccessQuery(api).queryKey, view),
  });
}
