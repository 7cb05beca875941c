import { useAuiState } from "@assistant-ui/react";
import { Link } from "@tanstack/react-router";
import { anthropicLinks } from "../../agents/anthropic-links.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { useChatSession } from "../../gateway/chat-context.tsx";
import type { Problem } from "../../gateway/problem.ts";

/** Why an answer failed, with the door that leads on and a way to ask again. */
export function AnswerTrouble({ problem, runId }: { problem: Problem; runId: string | null }) {
  const session = useChatSession();
  return (
    <Banner
      tone="failing"
      title={problem.message}
      action={
        <>
          {problem.remedy === "key" ? (
            <Link to="/dashboard/settings" className={buttonClass("plain", "small")}>
              Open the key
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
