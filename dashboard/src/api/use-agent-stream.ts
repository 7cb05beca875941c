import type { AgentEventView } from "@automna/contract/agents";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { toPath } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";
import { openAgentStream } from "./agent-stream.ts";
import { agentsQuery, queryKeys, withAgent } from "./queries.ts";

const KEPT_LOG_LINES = 200;

/** Keeps the cached agent and its log live while the caller is on screen. */
export function useAgentStream(agentId: string | undefined): void {
  const { api, session } = usePlatform();
  const cache = useQueryClient();
  useEffect(() => {
    if (agentId === undefined) return undefined;
    const agentsKey = agentsQuery(api).queryKey;
    return openAgentStream(toPath("agentEvents", { agentId }), {
      openSource: (path) => new EventSource(path),
      refreshSession: () => session.refresh(),
      onAgent: (agent) => cache.setQueryData(agentsKey, (agents) => withAgent(agents, agent)),
      onLog: (event) =>
        cache.setQueryData<AgentEventView[]>(queryKeys.agentLog(agentId), (log) => withLogLine(log, event)),
      onGone: () => cache.setQueryData(agentsKey, (agents) => agents?.filter((agent) => agent.id !== agentId)),
    });
  }, [agentId, api, cache, session]);
}

/** A stream that reconnects sends its last lines again: ids keep them single. */
export function withLogLine(log: readonly AgentEventView[] | undefined, event: AgentEventView): AgentEventView[] {
  const lines = log ?? [];
  if (lines.some((line) => line.id === event.id)) return [...lines];
  return [...lines, event].toSorted((a, b) => a.atMs - b.atMs).slice(-KEPT_LOG_LINES);
}

/** Log lines heard so far, oldest first; the stream fills them. */
export function useAgentLog(agentId: string): readonly AgentEventView[] {
  const { data } = useQuery<AgentEventView[]>({
    queryKey: queryKeys.agentLog(agentId),
    queryFn: () => [],
    enabled: false,
    initialData: [],
    gcTime: Infinity,
  });
  return data;
}
