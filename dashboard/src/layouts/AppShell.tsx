import { useQuery } from "@tanstack/react-query";
import { Navigate, Outlet, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { isReachable } from "../agents/agent-state.ts";
import { useAgent } from "../agents/use-agent.ts";
import { usePlatform } from "../api/api-context.tsx";
import { meQuery } from "../api/queries.ts";
import { PaymentBanner } from "../billing/PaymentBanner.tsx";
import { ChatSessionProvider } from "../gateway/chat-context.tsx";
import { useOpenChatSession } from "../gateway/use-open-chat-session.ts";
import { PhoneBar } from "./PhoneBar.tsx";
import { Rail } from "./Rail.tsx";

/** Rail (or bottom bar), main column, and the one chat session that outlives the page that shows it. */
export function AppShell() {
  const { api } = usePlatform();
  const { data: me } = useQuery(meQuery(api));
  const agent = useAgent();
  const navigate = useNavigate();
  const leave = useCallback(() => void navigate({ to: "/sign-in" }), [navigate]);
  const chat = useOpenChatSession({
    userId: me?.user.id ?? "",
    agentId: agent?.id,
    reachable: agent ? isReachable(agent) : false,
    onSignedOut: leave,
  });
  if (agent === null) return <Navigate to="/dashboard/onboarding" replace />;
  if (agent === undefined || me === undefined || chat === null) return null;
  return (
    <ChatSessionProvider value={chat}>
      <div className="flex h-dvh flex-col md:flex-row">
        <Rail agent={agent} user={me.user} />
        <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
          <PaymentBanner />
          <Outlet />
        </main>
        <PhoneBar agent={agent} />
      </div>
    </ChatSessionProvider>
  );
}
