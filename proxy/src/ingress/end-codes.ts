import type { ErrorCode } from "@automna/contract/error-catalogue";
import type { EndReason } from "./held-connections.ts";

/** WebSocket close codes: 44xx are the platform's own, 1012 (service restart) says "connect again". */
export const endCodes: Record<EndReason, { code: number; text: string }> = {
  session_ended: { code: 4401, text: "session ended" },
  token_stale: { code: 4401, text: "session needs a fresh token" },
  suspended: { code: 4403, text: "not allowed" },
  moved: { code: 1012, text: "the agent moved or restarts" },
  draining: { code: 1012, text: "connect again" },
};

/** What an upgrade gets that is ended before it was answered. */
export const endErrors: Record<EndReason, ErrorCode> = {
  session_ended: "session_expired",
  token_stale: "session_expired",
  suspended: "forbidden",
  moved: "agent_unavailable",
  draining: "service_unavailable",
};
