import type { AgentView } from "@automna/contract/agents";
import { createContext, useContext } from "react";
import type { ChatNotice } from "./chat-notice.ts";

interface ChatAgent {
  agent: AgentView;
  notice: ChatNotice;
  /** Writes a message; wakes the agent when it sleeps. */
  send(text: string): void;
}

const ChatAgentContext = createContext<ChatAgent | null>(null);

export const ChatAgentProvider = ChatAgentContext.Provider;

export function useChatAgent(): ChatAgent {
  const value = useContext(ChatAgentContext);
  if (value === null) throw new TypeError("useChatAgent outside of ChatAgentProvider");
  return value;
}
