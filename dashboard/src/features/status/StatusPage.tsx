import type { AgentView } from "@automna/contract/agents";
import { agentState } from "../../agents/agent-state.ts";
import { EventLog } from "../../agents/EventLog.tsx";
import { TroubleBanner } from "../../agents/TroubleBanner.tsx";
import { useAgent } from "../../agents/use-agent.ts";
import { PageFrame, Section } from "../../components/PageFrame.tsx";
import { Skeleton } from "../../components/PageState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { AgentActions, DeleteAgent } from "./AgentActions.tsx";
import { AgentFacts } from "./AgentFacts.tsx";

export function StatusPage() {
  const agent = useAgent();
  useDocumentTitle(agent ? `${agentState(agent.phase).word} · ${agent.name}` : "Agent · Automna");
  return (
    <PageFrame title={agent?.name ?? "Agent"}>
      {agent ? <AgentStatus agent={agent} /> : <Skeleton label="Loading the agent's state" />}
    </PageFrame>
  );
}

function AgentStatus({ agent }: { agent: AgentView }) {
  const { word, tone } = agentState(agent.phase);
  const calmReason = agent.phase === "failing" || agent.phase === "failed" ? null : agent.reason;
  return (
    <>
      <TroubleBanner agent={agent} />
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-5">
        <div role="status" data-testid="agent-state" data-phase={agent.phase} className="grid gap-1">
          <StateMark tone={tone} word={word} size="large" />
          <p className="text-ink-2">
            Last change <RelativeTime atMs={agent.phaseSinceMs} ago />
            {agent.progress.stage !== "ready" && tone === "working"
              ? `. ${agent.progress.label}, ${agent.progress.percent} %.`
              : "."}
            {calmReason ? ` ${calmReason.title} ${calmReason.detail}` : ""}
          </p>
        </div>
        <AgentActions agent={agent} />
      </div>
      <Section title="Facts">
        <AgentFacts agent={agent} />
      </Section>
      <Section title="What happened" description="Every change of its state, kept by the platform.">
        <EventLog agentId={agent.id} open />
      </Section>
      <DeleteAgent agent={agent} />
    </>
  );
}
