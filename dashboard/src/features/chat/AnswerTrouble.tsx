import { useAuiState } from "@assistant-ui/react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { anthropicLinks } from "../../agents/anthropic-links.ts";
import { lacksKey } from "../../agents/model-source.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { meQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { useChatSession } from "../../gateway/chat-context.tsx";
import { keyMissingProblem, type Problem } from "../../gateway/problem.ts";
import { useChatAgent } from "./chat-agent.tsx";

/** Why an answer failed, with the door that leads on and a way to ask again. */
export function AnswerTrouble({ problem: told, runId }: { problem: Problem; runId: string | null }) {
  const session = useChatSession();
  const { agent } = useChatAgent();
  const { api } = usePlatform();
  const { data: me } = useQuery(meQuery(api));
  // Whatever it failed of then, without its key it fails of that now.
  const problem = me !== undefined && lacksKey(agent, me.key) ? keyMissingProblem : told;
  return (
    <Banner
      tone="failing"
      title={problem.message}
      action={
        <>
          {problem.remedy === "key" ? (
            <Link to="/dashboard/settings" className={buttonClass("plain", "small")}>
              Open settings
            </Link>
          ) : null}
          {problem.remedy === "credits" ? (
            <Link to="/dashboard/usage" className={buttonClass("plain", "small")}>
              Open usage
            </Link>
          ) : null}
          {problem.remedy === "billing" ? (
            <a href={anthropicLinks.billing} target="_blank" rel="noreferrer" className={buttonClass("plain", "small")}>
              Anthropic billing
            </a>
          ) : null}
          {runId === null ? null : (
            <Button
              size="small"
              look={problem.remedy === "retry" ? "plain" : "quiet"}
              onClick={() => session.retry(runId)}
            >
              Try again
            </Button>
          )}
        </>
      }
    />
  );
}

/** An answer that ended with its gateway. When something follows, the agent went on by itself. */
export function BrokenOff({ runId }: { runId: string | null }) {
  const session = useChatSession();
  const isLast = useAuiState((state) => state.message.isLast);
  return (
    <p className="flex flex-wrap items-center gap-x-3 text-13 text-ink-3">
      This answer broke off when your agent was restarted.
      {isLast && runId !== null ? (
        <Button size="small" onClick={() => session.retry(runId)}>
          Ask again
        </Button>
      ) : null}
    </p>
  );
}
