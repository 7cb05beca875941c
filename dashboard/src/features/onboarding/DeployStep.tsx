import type { AgentView } from "@automna/contract/agents";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { isReachable } from "../../agents/agent-state.ts";
import { EventLog } from "../../agents/EventLog.tsx";
import { TroubleBanner } from "../../agents/TroubleBanner.tsx";
import { Button } from "../../components/Button.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { useNow } from "../../components/use-now.ts";
import { percentNow, toTimeline, withView, type StageStarts } from "./deploy-timeline.ts";
import { DeployTimeline } from "./DeployTimeline.tsx";

/** Long enough to see the bar arrive at its end. */
const LIVE_PAUSE_MS = 700;

/** Step 3: what really happens, with its times. Leads into the chat by itself once the agent answers. */
export function DeployStep({ agent }: { agent: AgentView }) {
  const navigate = useNavigate();
  const now = useNow(200);
  const [starts, setStarts] = useState<StageStarts>(() => withView({}, agent.progress));
  if (starts[agent.progress.stage] !== agent.progress.sinceMs) setStarts(withView(starts, agent.progress));
  const live = isReachable(agent);
  const halted = agent.phase === "failed" || agent.phase === "failing";
  const percent = live ? 100 : halted ? agent.progress.percent : percentNow(agent.progress, now);
  useDocumentTitle(live ? "Your agent is live! · Automna" : `${percent} % · Setting up ${agent.name}`);

  useEffect(() => {
    if (!live) return undefined;
    const timer = setTimeout(
      () => void navigate({ to: "/dashboard", search: { live: true }, replace: true }),
      LIVE_PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [live, navigate]);

  return (
    <section data-testid="wizard-deploy" className="grid gap-6">
      <div className="grid gap-2">
        <h1 className="text-28 font-semibold tracking-tight">
          {live ? "Your agent is live!" : `Setting up ${agent.name}`}
        </h1>
        <p className="text-ink-2">
          {live
            ? "One moment, the chat opens."
            : "You can already write your first message. It is sent as soon as the agent is up."}
        </p>
      </div>
      <TroubleBanner agent={agent} />
      <div className="grid gap-2">
        <ProgressBar label={`Setting up ${agent.name}`} percent={percent} halted={halted} />
        <p data-figures aria-live="polite" className="flex justify-between text-13 text-ink-3">
          <span>{halted ? "Paused" : agent.progress.label}</span>
          <span aria-hidden>{percent} %</span>
        </p>
      </div>
      <DeployTimeline steps={toTimeline(starts, agent.progress, now)} halted={halted} />
      <EventLog agentId={agent.id} />
      {live ? null : (
        <div>
          <Button onClick={() => void navigate({ to: "/dashboard" })}>Write the first message</Button>
        </div>
      )}
    </section>
  );
}
