import { useEffect, useState } from "react";
import { usePlatform } from "../api/api-context.tsx";
import type { ChatSession } from "./chat-session.ts";
import { openChatSession } from "./open-chat-session.ts";

interface Options {
  userId: string;
  agentId: string | undefined;
  /** Whether there is an agent to connect to right now. */
  reachable: boolean;
  onSignedOut(): void;
}

/** The chat session with this agent, open as long as the caller is on screen; null without an agent. */
export function useOpenChatSession({ userId, agentId, reachable, onSignedOut }: Options): ChatSession | null {
  const { session: keeper } = usePlatform();
  const [chat, setChat] = useState<ChatSession | null>(null);

  useEffect(() => {
    if (agentId === undefined) return undefined;
    const opened = openChatSession(userId, keeper, onSignedOut);
    // oxlint-disable-next-line react/set-state-in-effect -- the session is an outside system that lives exactly as long as this effect
    setChat(opened);
    const retry = (): void => opened.retryConnection();
    const retryWhenSeen = (): void => {
      if (document.visibilityState === "visible") retry();
    };
    window.addEventListener("online", retry);
    document.addEventListener("visibilitychange", retryWhenSeen);
    return () => {
      window.removeEventListener("online", retry);
      document.removeEventListener("visibilitychange", retryWhenSeen);
      opened.close();
      setChat(null);
    };
  }, [userId, agentId, keeper, onSignedOut]);

  useEffect(() => chat?.setReachable(reachable), [chat, reachable]);
  return chat;
}
