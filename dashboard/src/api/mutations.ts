import type { DeployAgent } from "@automna/contract/agents";
import type { KeyView, LocalSignIn } from "@automna/contract/identity";
import type { putAppSchema } from "@automna/contract/apps";
import type { ApiRouteName } from "@automna/contract/api-routes";
import type { AgentAction } from "@automna/core/agents/agent-abilities";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { z } from "zod";

import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";
import { agentsQuery, appsQuery, meQuery, queryKeys, withAnswer } from "./queries.ts";

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

/** On or off, and who may see it. */
export function usePutApp(agentId: string) {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ name, body }: { name: string; body: z.input<typeof putAppSchema> }) =>
      api.call("putApp", { params: { agentId, name }, body }),
    onSuccess: ({ app }) =>
      cache.setQueryData(
        appsQuery(api, agentId).queryKey,
        (list) => list && { ...list, apps: list.apps.map((one) => (one.name === app.name ? app : one)) },
      ),
  });
}

/** An address that lets the owner in, once. */
export function useOpenApp(agentId: string) {
  const { api } = usePlatform();
  return useMutation({
    mutationFn: async (name: string) => (await api.call("openApp", { params: { agentId, name } })).url,
  });
}

/** Changes the addresses of all apps. */
export function usePutHandle() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (handle: string) => api.call("putHandle", { body: { handle } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: queryKeys.apps }),
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
