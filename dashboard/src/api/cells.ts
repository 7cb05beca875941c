import type { ActOnCells } from "@automna/contract/admin-cells";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";

/** What moves by itself is looked at again so often, ms. */
const LIVE_MS = 5_000;
const keys = { cells: ["admin", "cells"] } as const;

export const cellsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: [...keys.cells, "list"],
    queryFn: () => api.call("listCells", {}),
    refetchInterval: LIVE_MS,
  });

export const nodeQuery = (api: ApiClient, nodeId: string) =>
  queryOptions({
    queryKey: [...keys.cells, "node", nodeId],
    queryFn: () => api.call("getNode", { params: { nodeId } }),
    refetchInterval: LIVE_MS,
  });

export const wavesQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: [...keys.cells, "waves"],
    queryFn: () => api.call("listWaves", {}),
    refetchInterval: LIVE_MS,
  });

export const waveQuery = (api: ApiClient, waveId: string) =>
  queryOptions({
    queryKey: [...keys.cells, "waves", waveId],
    queryFn: () => api.call("getWave", { params: { waveId } }),
    refetchInterval: LIVE_MS,
  });

export const sweepsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: [...keys.cells, "sweeps"],
    queryFn: () => api.call("listSweeps", {}),
    refetchInterval: LIVE_MS,
  });

/** Everything that is shown of cells is looked at anew afterwards, also when it was refused: things were not as shown. */
export function useActOnCells() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: ActOnCells) => api.call("actOnCells", { body }),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.cells }),
  });
}
