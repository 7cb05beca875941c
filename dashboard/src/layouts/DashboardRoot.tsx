import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { usePlatform } from "../api/api-context.tsx";
import { meQuery } from "../api/queries.ts";
import { useAgentStream } from "../api/use-agent-stream.ts";
import { useKeepAlive } from "../api/use-keep-alive.ts";
import { useArrival } from "../arrival/use-arrival.ts";
import { useAgent } from "../agents/use-agent.ts";
import { prewarmAgent } from "../gateway/prewarm.ts";
import { CommandCentre } from "./CommandCentre.tsx";

/** What every page behind the sign-in shares: a living session, the agent's live state, the palette. */
export function DashboardRoot() {
  const { api } = usePlatform();
  const { data: me } = useQuery(meQuery(api));
  const agent = useAgent();
  const navigate = useNavigate();
  const leave = useCallback(() => void navigate({ to: "/sign-in", search: { next: location.pathname } }), [navigate]);
  useKeepAlive(leave);
  useArrival();
  useAgentStream(agent?.id);
  const userId = me?.user.id;
  useEffect(() => {
    if (userId !== undefined) void prewarmAgent(userId, (input, init) => fetch(input, init));
  }, [userId]);
  if (me === undefined) return null;
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:left-3 focus:top-3 focus:z-50 focus:rounded-corner focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <Outlet />
      <CommandCentre agent={agent ?? null} />
    </>
  );
}
