import { appError, type ErrorCode } from "@automna/contract/error-catalogue";
import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AppError } from "@automna/core/shared/app-error";

/** `coming`: answers by itself in a while. `asleep`: has to be woken. `over`: not without a person. */
export type Outlook = "coming" | "asleep" | "over";

/** What a call gets while the agent doesn't answer, and whether waiting is worth it; null = it answers. */
const answers: Record<AgentPhase, { code: ErrorCode; retryAfterS: number; outlook: Outlook } | null> = {
  ready: null,
  requested: { code: "agent_starting", retryAfterS: 2, outlook: "coming" },
  placing: { code: "agent_starting", retryAfterS: 2, outlook: "coming" },
  creating: { code: "agent_starting", retryAfterS: 2, outlook: "coming" },
  starting: { code: "agent_starting", retryAfterS: 2, outlook: "coming" },
  dozing: { code: "agent_starting", retryAfterS: 1, outlook: "asleep" },
  upgrading: { code: "agent_starting", retryAfterS: 5, outlook: "coming" },
  moving: { code: "agent_starting", retryAfterS: 5, outlook: "coming" },
  stopping: { code: "agent_asleep", retryAfterS: 30, outlook: "asleep" },
  asleep: { code: "agent_asleep", retryAfterS: 30, outlook: "asleep" },
  failing: { code: "agent_unavailable", retryAfterS: 5, outlook: "coming" },
  failed: { code: "agent_unavailable", retryAfterS: 30, outlook: "over" },
  deleting: { code: "agent_not_found", retryAfterS: 30, outlook: "over" },
  deleted: { code: "agent_not_found", retryAfterS: 30, outlook: "over" },
};

/** The error of a phase in which nothing is forwarded; null = forward. */
export function phaseAnswer(phase: AgentPhase): { error: AppError; outlook: Outlook } | null {
  const answer = answers[phase];
  if (answer === null) return null;
  const { code, retryAfterS, outlook } = answer;
  return { error: appError(code, { details: { phase, retryAfterS } }), outlook };
}

/** The agent should answer and doesn't: whoever looks after it is on it. */
export function unavailable(cause?: unknown): AppError {
  return appError("agent_unavailable", { cause, details: { retryAfterS: 2 } });
}

/** An agent that was asleep has been asked to wake. */
export function wakingUp(phase: AgentPhase): AppError {
  return appError("agent_starting", { details: { phase, retryAfterS: 2 } });
}

/** Seconds for Retry-After that an error asks for, or null. */
export function retryAfterSeconds(error: AppError): number | null {
  const seconds = error.details["retryAfterS"];
  if (typeof seconds === "number") return seconds;
  return error.kind === "transient" ? 2 : null;
}
