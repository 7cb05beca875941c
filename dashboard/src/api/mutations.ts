import type { DeployAgent } from "@automna/contract/agents";
import type { KeyView, LocalSignIn } from "@automna/contract/identity";
import type { ApiRouteName } from "@automna/contract/api-routes";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";

import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";
import { agentsQuery, meQuery, queryKeys, withAnswer } from "./queries.ts";

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
  const { session } = usePlatform();
  const cache = useQueryClient();
  return useMutation({ mutationFn: () => session.end(), onSuccess: () => cache.clear() });
}

export function usePutKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => api.call("putKey", { body: { key } }),
    onSuccess: (answer) => keepKey(cache, api, answer),
  });
}

export function useDeleteKey() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => api.call("deleteKey", {}),
    onSuccess: (answer) => keepKey(cache, api, answer),
  });
}

/** The answer says all there is to know: what the page shows of the key changes in the same moment. */
function keepKey(cache: QueryClient, api: ApiClient, { key }: KeyView): void {
  cache.setQueryData(meQuery(api).queryKey, (me) => me && { ...me, key });
}

/** Where the agent's answers come from. */
export function useChooseModel() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ agentId, modelSource }: { agentId: string; modelSource: ModelSource }) =>
      api.call("chooseModel", { params: { agentId }, body: { modelSource } }),
    onSuccess: ({ agent }) => cache.setQueryData(agentsQuery(api).queryKey, (agents) => withAnswer(agents, agent)),
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
