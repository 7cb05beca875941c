import { z } from "zod";

/**
 * NOTIFY channels between the services, each with a JSON payload. A payload says what to look at again, never what
 * is true; who misses one is corrected by a TTL or a sweep.
 */
export const notifyCatalogue = {
  /**
   * The agent's phase, stage, backend or model source changed: api streams it, ingress and egress drop what they cached. `by`:
   * the holder of the agent's own lease, who goes on from there and need not be told.
   */
  agent_changed: z.object({ agentId: z.string(), userId: z.string(), by: z.string().optional() }),
  /** A session ended: every socket and cached verification of it ends within 2 s. */
  session_ended: z.object({ sessionId: z.string(), userId: z.string() }),
  /**
   * An ingress process verified a newer token of the session (seconds since the epoch): those that hold its sockets keep
   * them. The one payload that says what is true, because nobody keeps it: who misses it closes sockets that connect again.
   */
  session_seen: z.object({ sessionId: z.string(), userId: z.string(), tokenIssuedAtS: z.number().int() }),
  /** A user was suspended or deleted. */
  user_changed: z.object({ userId: z.string() }),
  /** A model key was replaced or removed: egress forgets it. */
  model_key_changed: z.object({ userId: z.string() }),
  /** What the user's agent has published, or who may see it. */
  apps_changed: z.object({ userId: z.string() }),
  /** A handle was taken or released. */
  handle_changed: z.object({ handle: z.string() }),
} as const;
export type NotifyChannel = keyof typeof notifyCatalogue;
export type NotifyPayload<Channel extends NotifyChannel> = z.infer<(typeof notifyCatalogue)[Channel]>;
