/** URL builders and the one prefix of proxied agents. */
export const AGENT_PREFIX = "/a/";
/** Paths of agentd that no customer may reach through the proxy. */
export const AGENTD_CONTROL_PREFIX = "/_automna/";

/** `/a/<userId>`; user ids need no escaping (core/shared/ids). */
export function agentPath(userId: string): string {
  return `${AGENT_PREFIX}${userId}`;
}

/** Path of the agent's WebSocket. */
export function agentSocketPath(userId: string): string {
  return `${agentPath(userId)}/ws`;
}

/** Asked every few minutes with a fresh session token: that keeps the session's sockets open (design D11). */
export function agentKeepAlivePath(userId: string): string {
  return `${agentPath(userId)}/healthz`;
}

/** Below an agent's own address, and answered by ingress. */
export const PREWARM_PATH = "/prewarm";

/** Asked when somebody opens the dashboard: the way to the agent is looked up, opened and proven, and nobody is woken. */
export function agentPrewarmPath(userId: string): string {
  return `${agentPath(userId)}${PREWARM_PATH}`;
}

/** Pages of the dashboard that errors send people to. */
export const PLANS_PATH = "/dashboard/plans";
export const BILLING_PATH = "/dashboard/billing";
export const SETTINGS_PATH = "/dashboard/settings";

const REFERRAL_PREFIX = "/r/";

/** The link that a customer passes on: short enough to be said. */
export function referralPath(code: string): string {
  return `${REFERRAL_PREFIX}${code}`;
}
