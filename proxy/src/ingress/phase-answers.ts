import { appError, type ErrorCode } from "@automna/contract/error-catalogue";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AppError } from "@automna/core/shared/app-error";

/** What a call gets while the agent doesn't answer; null = it does. */
const answers: Record<AgentPhase, { code: ErrorCode; retryAfterS: number } | null> = {
  ready: null,
  requested: { code: "agent_starting", retryAfterS: 2 },
  placing: { code: "agent_starting", retryAfterS: 2 },
  creating: { code: "agent_starting", retryAfterS: 2 },
  starting: { code: "agent_starting", retryAfterS: 2 },
  dozing: { code: "agent_starting", retryAfterS: 2 },
  upgrading: { code: "agent_starting", retryAfterS: 5 },
  moving: { code: "agent_starting", retryAfterS: 5 },
  stopping: { code: "agent_asleep", retryAfterS: 30 },
  asleep: { code: "agent_asleep", retryAfterS: 30 },
  failing: { code: "agent_unavailable", retryAfterS: 5 },
  failed: { code: "agent_unavailable", retryAfterS: 30 },
  deleting: { code: "agent_not_found", retryAfterS: 30 },
  deleted: { code: "agent_not_found", retryAfterS: 30 },
};

/** The error of a phase in which nothing is forwarded; null = forward. */
export function phaseError(phase: AgentPhase): AppError | null {
  const answer = answers[phase];
  return answer === null ? null : appError(answer.code, { details: { phase, retryAfterS: answer.retryAfterS } });
}

/** The agent should answer and doesn't: whoever looks after it is on it. */
export function unavailable(cause?: unknown): AppError {
  return appError("agent_unavailable", { cause, details: { retryAfterS: 2 } });
}

/** Seconds for Retry-After that an error asks for, or null. */
export function retryAfterSeconds(error: AppError): number | null {
  const seconds = error.details["retryAfterS"];
  if (typeof seconds === "number") return seconds;
  return error.kind === "transient" ? 2 : null;
}
