import type { AgentView } from "@automna/contract/agents";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";

export const queryKeys = {
  identity: ["identity"],
  me: ["me"],
  agents: ["agents"],
  billing: ["billing"],
  checkout: (checkoutId: string) => ["checkout", checkoutId],
  accountDeletion: ["account-deletion"],
  credits: ["credits"],
  statement: ["credits", "statement"],
  apps: ["apps"],
  appsOf: (agentId: string) => ["apps", agentId],
  agentLog: (agentId: string) => ["agent-log", agentId],
} as const;

export const identityQuery = (api: ApiClient) =>
  queryOptions({ queryKey: queryKeys.identity, queryFn: () => api.call("identity", {}), staleTime: 10_000 });

export const meQuery = (api: ApiClient) =>
  queryOptions({ queryKey: queryKeys.me, queryFn: () => api.call("me", {}), staleTime: 60_000 });

/** The agents that still exist for their owner, newest first. */
export const agentsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: queryKeys.agents,
    queryFn: async () => existing((await api.call("listAgents", {})).agents),
    staleTime: 15_000,
  });

/** The plan and what is owed. Webhooks change it at any time. */
export const billingQuery = (api: ApiClient) =>
  queryOptions({ queryKey: queryKeys.billing, queryFn: () => api.call("billing", {}), staleTime: 15_000 });

/** What has become of a purchase, by Stripe's own word. */
export const checkoutOutcomeQuery = (api: ApiClient, checkoutId: string) =>
  queryOptions({
    queryKey: queryKeys.checkout(checkoutId),
    queryFn: () => api.call("billingCheckoutOutcome", { params: { checkoutId } }),
    staleTime: 0,
  });

export const accountDeletionQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: queryKeys.accountDeletion,
    queryFn: () => api.call("accountDeletion", {}),
    staleTime: 60_000,
  });

/** Charges come from agents, at any time: never older than a look away. */
export const creditsQuery = (api: ApiClient) =>
  queryOptions({ queryKey: queryKeys.credits, queryFn: () => api.call("getCredits", {}), staleTime: 5_000 });

/** The statement page by page, newest first. */
export const statementQuery = (api: ApiClient) =>
  infiniteQueryOptions({
    queryKey: queryKeys.statement,
    queryFn: ({ pageParam }) => api.call("getStatement", { query: pageParam === null ? {} : { before: pageParam } }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.nextBefore,
    staleTime: 5_000,
  });

/** The agent publishes at any time, also while the page is open. */
export const appsQuery = (api: ApiClient, agentId: string) =>
  queryOptions({
    queryKey: queryKeys.appsOf(agentId),
    queryFn: () => api.call("listApps", { params: { agentId } }),
    staleTime: 5_000,
    refetchInterval: 20_000,
  });

function existing(agents: readonly AgentView[]): AgentView[] {
  return agents.filter((agent) => agent.phase !== "deleted");
}

/**
 * The list after a call's answer. The stream may have told of a later change while the answer was on its way: then the
 * answer is old news and the list stays.
 */
export function withAnswer(agents: readonly AgentView[] | undefined, agent: AgentView): AgentView[] {
  const known = agents?.find((one) => one.id === agent.id);
  return known !== undefined && changedAtMs(known) > changedAtMs(agent)
    ? [...(agents ?? [])]
    : withAgent(agents, agent);
}

function changedAtMs(agent: AgentView): number {
  return Math.max(agent.phaseSinceMs, agent.progress.sinceMs);
}

/** The list with one agent replaced, added, or taken out once it is deleted. */
export function withAgent(agents: readonly AgentView[] | undefined, agent: AgentView): AgentView[] {
  const others = (agents ?? []).filter((other) => other.id !== agent.id);
  return existing([agent, ...others]);
}
