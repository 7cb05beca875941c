import { AssistantRuntimeProvider } from "@assistant-ui/react";
import type { AgentView } from "@automna/contract/agents";
import { useSearch } from "@tanstack/react-router";
import { canPerform } from "@automna/core/agents/agent-abilities";
import { TroubleBanner } from "../../agents/TroubleBanner.tsx";
import { useAgent } from "../../agents/use-agent.ts";
import { useAgentAction } from "../../api/mutations.ts";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { useChatSession, useChatSnapshot } from "../../gateway/chat-context.tsx";
import { activeRunId } from "../../gateway/runtime.ts";
import { useAssistantRuntime } from "../../gateway/use-assistant-runtime.ts";
import { ChatHeader } from "./ChatHeader.tsx";
import { chatNotice } from "./chat-notice.ts";
import { ConnectionTrouble } from "./ConnectionTrouble.tsx";
import { StreamAnnouncer } from "./StreamAnnouncer.tsx";
import { Thread } from "./Thread.tsx";
import { ChatAgentProvider } from "./chat-agent.tsx";

export function ChatPage() {
  const agent = useAgent();
  return agent ? <Chat agent={agent} /> : null;
}

function Chat({ agent }: { agent: AgentView }) {
  const session = useChatSession();
  const { chat, connection } = useChatSnapshot();
  const { live = false } = useSearch({ from: "/dashboard/shell/" });
  const { mutate: act } = useAgentAction(agent.id);
  const notice = chatNotice(agent, connection, chat.loaded);

  function send(text: string): void {
    session.send(text);
    if (notice.kind === "asleep" && canPerform("start", agent.phase)) act("start");
  }

  const runtime = useAssistantRuntime(send);
  const answering = activeRunId(chat) !== null;
  useDocumentTitle(answering ? `${agent.name} is answering…` : `${agent.name} · Automna`);

  return (
    <ChatAgentProvider value={{ agent, notice, send }}>
      <AssistantRuntimeProvider runtime={runtime}>
        <div className="flex min-h-0 flex-1 flex-col">
          <ChatHeader agent={agent} notice={notice} />
          <div className="mx-auto grid w-full max-w-column gap-2 px-4 *:mt-3 has-[>*]:pb-1 sm:px-6">
            <TroubleBanner agent={agent} />
            <ConnectionTrouble connection={connection} notice={notice} />
          </div>
          <Thread justLive={live} />
          <StreamAnnouncer />
        </div>
      </AssistantRuntimeProvider>
    </ChatAgentProvider>
  );
}
