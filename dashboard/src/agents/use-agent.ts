import type { AgentView } from "@automna/contract/agents";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../api/api-context.tsx";
import { agentsQuery } from "../api/queries.ts";

/** The user's agent, kept live by the shell's stream; undefined while unknown, null when there is none. */
export function useAgent(): AgentView | null | undefined {
  const { api } = usePlatform();
  const { data } = useQuery(agentsQuery(api));
  return data === undefined ? undefined : (data[0] ?? null);
}
