import type { AgentView } from "@automna/contract/agents";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { useAgentAction } from "../api/mutations.ts";
import { Banner } from "../components/Banner.tsx";
import { Button } from "../components/Button.tsx";
import { useNow } from "../components/use-now.ts";
import { offeredActions } from "./agent-actions.ts";
import { retryNotice } from "./retry-notice.ts";

/** Why the agent is not well, what happens next, and the button that helps; nothing while all is well. */
export function TroubleBanner({ agent }: { agent: AgentView }) {
  const act = useAgentAction(agent.id);
  const now = useNow(500);
  const troubled = agent.phase === "failing" || agent.phase === "failed";
  if (!troubled && !act.isError) return null;
  if (!troubled) return <Banner tone="failing" title={act.error?.message ?? ""} />;
  const offered = offeredActions(agent);
  const remedy =
    agent.phase === "failed" && offered.includes("start") ? "start" : offered.includes("restart") ? "restart" : null;
  const notice = retryNotice(agent, now);
  return (
    <Banner
      tone={agent.phase === "failed" ? "failing" : "waiting"}
      title={agent.reason?.title ?? errorCatalogue.agent_unavailable.message}
      action={
        remedy === null ? null : (
          <Button size="small" busy={act.isPending} onClick={() => act.mutate(remedy)}>
            {agent.phase === "failed" ? "Start again" : "Try now"}
          </Button>
        )
      }
    >
      {[agent.reason?.detail, act.error?.message ?? notice].filter(Boolean).join(" ")}
    </Banner>
  );
}
