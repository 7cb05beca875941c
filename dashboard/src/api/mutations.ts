import type { DeployAgent } from "@automna/contract/agents";
import type { LocalSignIn } from "@automna/contract/identity";
import type { ApiRouteName } from "@automna/contract/api-routes";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { usePlatform } from "./api-context.tsx";
import { agentsQuery, queryKeys, withAnswer } from "./queries.ts";

export function useSignIn() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: LocalSignIn) => api.call("localSignIn", { body }),
    onSuccess: (me) => {
      cache.clear();
      cache.setQueryData(queryKeys.me, me);
    },
  });
}

/** Ends the session; whatever this browser held of it is dropped with it. */
export function useSignOut() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({ mutationFn: () => api.call("localSignOut", {}), onSuccess: () => cache.clear() });
}

export function usePutKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => api.call("putKey", { body: { key } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: queryKeys.me }),
  });
}

export function useDeleteKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => api.call("deleteKey", {}),
    onSuccess: () => cache.invalidateQueries({ queryKey: queryKeys.me }),
  });
}

/** Null switches overage off. */
export function usePutOverage() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (capCredits: number | null) => api.call("putOverage", { body: { capCredits } }),
    onSuccess: (view) => cache.setQueryData(queryKeys.credits, view),
  });
}

export function useDeployAgent() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: DeployAgent) => api.call("deployAgent", { body }),
    onSuccess: ({ agent }) => cache.setQueryData(agentsQuery(api).queryKey, (agents) => withAnswer(agents, agent)),
  });
}

const actionRoutes = {
  stop: "stopAgent",
  start: "startAgent",
  restart: "restartAgent",
  delete: "deleteAgent",
} as const satisfies Record<AgentAction, ApiRouteName>;

export function useAgentAction(agentId: string) {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (action: AgentAction) => api.call(actionRoutes[action], { params: { agentId } }),
    onSuccess: ({ agent }) => cache.setQueryData(agentsQuery(api).queryKey, (agents) => withAnswer(agents, agent)),
  });
}
