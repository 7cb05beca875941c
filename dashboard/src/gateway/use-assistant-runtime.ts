import {
  useExternalStoreRuntime,
  type AppendMessage,
  type AssistantRuntime,
  type MessageStatus,
  type ThreadMessageLike,
} from "@assistant-ui/react";
import { useEffect } from "react";
import { toParts, type AgentMessage, type ChatMessage } from "./chat-message.ts";
import { useChatSession, useChatSnapshot } from "./chat-context.tsx";
import { activeRunId } from "./runtime.ts";

/** assistant-ui over our own store: it draws, the reducer decides. `onSend` hears each message that is written. */
export function useAssistantRuntime(onSend: (text: string) => void): AssistantRuntime {
  const session = useChatSession();
  const { chat, connection } = useChatSnapshot();
  const runtime = useExternalStoreRuntime<ChatMessage>({
    messages: chat.messages,
    convertMessage: toThreadMessage,
    // While the line is cut the composer stays open: messages are queued.
    isRunning: activeRunId(chat) !== null && connection.kind === "online",
    onNew: (message) => {
      onSend(textOf(message));
      return Promise.resolve();
    },
    onCancel: () => session.stop(),
  });

  useEffect(() => {
    const { composer } = runtime.thread;
    if (session.draft.text !== "") composer.setText(session.draft.text);
    return composer.subscribe(() => {
      session.draft.text = composer.getState().text;
    });
  }, [runtime, session]);
  return runtime;
}

function textOf(message: AppendMessage): string {
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

/** Our message rides along in `metadata.custom`, for what assistant-ui has no word for. */
function toThreadMessage(message: ChatMessage): ThreadMessageLike {
  const common = { id: message.id, createdAt: new Date(message.atMs), metadata: { custom: { message } } };
  if (message.role === "user") return { ...common, role: "user", content: message.text };
  return {
    ...common,
    role: "assistant",
    status: statuses[message.status],
    content: toParts(message).map((part) =>
      part.type === "text"
        ? part
        : {
            type: "tool-call",
            toolCallId: part.tool.id,
            toolName: part.tool.name,
            argsText: toArgsText(part.tool.args),
            isError: part.tool.state === "failed",
            ...(part.tool.state === "running" ? {} : { result: part.tool.result ?? "" }),
          },
    ),
  };
}

const statuses: Record<AgentMessage["status"], MessageStatus> = {
  thinking: { type: "running" },
  streaming: { type: "running" },
  done: { type: "complete", reason: "stop" },
  stopped: { type: "incomplete", reason: "cancelled" },
  interrupted: { type: "incomplete", reason: "error" },
  failed: { type: "incomplete", reason: "error" },
};

function toArgsText(args: unknown): string {
  if (args === undefined || args === null) return "";
  return typeof args === "string" ? args : JSON.stringify(args, null, 2);
}
