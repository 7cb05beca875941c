import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { makeWaker, type WakeAgent } from "../ingress/waking-agents.ts";

export interface AppWaking {
  /** True when the agent is on its way up because of this visit or one shortly before. */
  wake: (agent: { agentId: string; userId: string }, isPublic: boolean) => Promise<boolean>;
}

/**
 * A public app has visitors of any kind, crawlers among them, and a start costs 20 s of a processor: they wake its agent
 * at most so often. Whoever knows the password or is the owner may always.
 */
const PUBLIC_EVERY_MS = 10 * MINUTE_MS;
const REMEMBERED_MAX = 10_000;

export function makeAppWaking({ wakeAgent, now }: { wakeAgent: WakeAgent; now: Clock }): AppWaking {
  const waker = makeWaker({ wakeAgent, now });
  /** When a public visit last woke an agent, and whether it came. */
  const wokenAtMs = new Map<string, number>();
  return {
    async wake({ agentId, userId }, isPublic) {
      const lastMs = wokenAtMs.get(agentId);
      if (isPublic && lastMs !== undefined && now() - lastMs < PUBLIC_EVERY_MS) {
        // Those who come within the same start share its answer; later ones wait for the next.
        return now() - lastMs < MINUTE_MS && waker.wake({ agentId, userId });
      }
      if (isPublic) {
        wokenAtMs.delete(agentId);
        wokenAtMs.set(agentId, now());
        const [oldest] = wokenAtMs.keys();
        if (wokenAtMs.size > REMEMBERED_MAX && oldest !== undefined) wokenAtMs.delete(oldest);
      }
      return waker.wake({ agentId, userId });
    },
  };
}
