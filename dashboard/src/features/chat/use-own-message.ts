import { useAuiState } from "@assistant-ui/react";
import type { AgentMessage, ChatMessage, UserMessage } from "../../gateway/chat-message.ts";

function isMessage(value: unknown): value is ChatMessage {
  return typeof value === "object" && value !== null && "role" in value && "id" in value;
}

function useOwnMessage(): ChatMessage | null {
  const message = useAuiState((state) => state.message.metadata.custom["message"]);
  return isMessage(message) ? message : null;
}

/** The question that is being drawn; null for one that assistant-ui made up. */
export function useOwnQuestion(): UserMessage | null {
  const message = useOwnMessage();
  return message?.role === "user" ? message : null;
}

/** The answer that is being drawn; null for the placeholder that assistant-ui adds by itself. */
export function useOwnAnswer(): AgentMessage | null {
  const message = useOwnMessage();
  return message?.role === "assistant" ? message : null;
}
