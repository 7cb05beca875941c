import type { EndReason } from "./held-connections.ts";

/** WebSocket close codes: 44xx are the platform's own, 1012 (service restart) says "connect again". */
export const endCodes: Record<EndReason, { code: number; text: string }> = {
  session_ended: { code: 4401, text: "session ended" },
  token_stale: { code: 4401, text: "session needs a fresh token" },
  suspended: { code: 4403, text: "not allowed" },
  moved: { code: 1012, text: "the agent moved or restarts" },
  draining: { code: 1012, text: "connect again" },
};
