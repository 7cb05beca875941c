import { createContext, useContext, useSyncExternalStore } from "react";
import type { ChatSession, ChatSnapshot } from "./chat-session.ts";

const ChatContext = createContext<ChatSession | null>(null);

export const ChatSessionProvider = ChatContext.Provider;

export function useChatSession(): ChatSession {
  const session = useContext(ChatContext);
  if (session === null) throw new TypeError("useChatSession outside of ChatSessionProvider");
  return session;
}

export function useChatSnapshot(): ChatSnapshot {
  const session = useChatSession();
  return useSyncExternalStore(session.subscribe, session.getSnapshot);
}
