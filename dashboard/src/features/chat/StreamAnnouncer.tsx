import { useChatSnapshot } from "../../gateway/chat-context.tsx";
import { useChatAgent } from "./chat-agent.tsx";

/** Reads answers aloud once they are complete: a live region over the stream itself would stammer. */
export function StreamAnnouncer() {
  const { agent } = useChatAgent();
  const { chat } = useChatSnapshot();
  const last = chat.messages.findLast((message) => message.role === "assistant");
  const text =
    last?.role !== "assistant"
      ? ""
      : last.status === "thinking" || last.status === "streaming"
        ? `${agent.name} is answering.`
        : last.status === "stopped"
          ? "Answer stopped."
          : `${agent.name}: ${last.problem?.message ?? last.text}`;
  return (
    <p aria-live="polite" className="sr-only">
      {text}
    </p>
  );
}
