import type { AgentReason } from "@automna/core/agents/agent-health";
import { isAppError } from "@automna/core/shared/app-error";
import { isDatabaseAway } from "@automna/records/database-errors";

/** Errors of steps whose code says more than "a step did not work". */
const reasons: Readonly<Record<string, AgentReason>> = {
  no_room: "no_room",
  slot_claimed: "claim_refused",
  slot_data_missing: "slot_lost",
  image_missing: "image_missing",
  node_unreachable: "node_lost",
  stop_overdue: "stop_overdue",
};

/** What a failed step means for the agent. */
export function reasonForError(error: unknown): AgentReason {
  return (isAppError(error) && reasons[error.code]) || "step_failed";
}

/**
 * True when a step ended because our database was away. By origin first: a connection that agentd refused says
 * ECONNREFUSED too, and is the agent's failure.
 */
export function isOurOutage(error: unknown): boolean {
  const isOurs =
    error instanceof Error && (error.name.startsWith("PrismaClient") || error.name === "DriverAdapterError");
  return isOurs && isDatabaseAway(error);
}
