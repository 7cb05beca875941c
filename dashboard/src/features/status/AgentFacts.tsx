import type { AgentView } from "@automna/contract/agents";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CopyButton } from "../../components/CopyButton.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";

const models: Record<ModelSource, string> = {
  byok: "Claude, on your Anthropic key",
  credits: "Claude, paid in credits",
  demo: "Demo model: prepared answers, no key used",
};

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-6 gap-y-0.5 border-b border-line py-2.5 last:border-0 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 text-ink">{children}</dd>
    </div>
  );
}

export function AgentFacts({ agent }: { agent: AgentView }) {
  const tier = tierCatalogue[agent.tier];
  return (
    <dl className="-my-2.5">
      <Fact name="Model">
        <span className="flex flex-wrap items-baseline gap-x-3">
          {models[agent.modelSource]}
          <Link to="/dashboard/settings" className="text-13 text-accent-text underline-offset-2 hover:underline">
            Change
          </Link>
        </span>
      </Fact>
      <Fact name="Plan">
        {tier.label}, {Number((tier.memoryMb / 1024).toFixed(1))} GB of memory
      </Fact>
      <Fact name="Personality">
        {agent.personality === "" ? <span className="text-ink-3">None given</span> : agent.personality}
      </Fact>
      <Fact name="Created">
        <RelativeTime atMs={agent.createdAtMs} ago />
      </Fact>
      <Fact name="Id">
        <span className="flex flex-wrap items-center gap-1">
          <span className="break-all font-mono text-13">{agent.id}</span>
          <CopyButton text={agent.id} />
        </span>
      </Fact>
    </dl>
  );
}
