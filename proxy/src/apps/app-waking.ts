import { DAY_MS, MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { makeWaker, type WakeAgent } from "../ingress/waking-agents.ts";

export interface AppWaking {
  /** True when the agent is on its way up because of this visit or one shortly before. */
  wake: (agent: { agentId: string; userId: string }, isPublic: boolean) => Promise<boolean>;
}

/**
 * A public app has visitors of any kind, crawlers among them, and a start costs 20 s of a processor: they wake its agent
 * at most so often, and so many times a day, so that no stranger keeps it awake for good. Whoever knows the password or is
 * the owner may always. Each process counts for itself.
 */
const PUBLIC_EVERY_MS = 10 * MINUTE_MS;
const PUBLIC_PER_DAY = 12;
/** Those who come within the same start share its answer. */
const SHARED_MS = MINUTE_MS;
const REMEMBERED_MAX = 10_000;

export function makeAppWaking({ wakeAgent, now }: { wakeAgent: WakeAgent; now: Clock }): AppWaking {
  const waker = makeWaker({ wakeAgent, now });
  /** When public visits woke an agent within the last day, oldest first. */
  const wokenAtMs = new Map<string, readonly number[]>();

  const remember = (agentId: string, times: readonly number[]) => {
    // Those who were woken last stand last.
    wokenAtMs.delete(agentId);
    wokenAtMs.set(agentId, times);
    const [oldest] = wokenAtMs.keys();
    if (wokenAtMs.size > REMEMBERED_MAX && oldest !== undefined) wokenAtMs.delete(oldest);
  };

  return {
    async wake({ agentId, userId }, isPublic) {
      if (!isPublic) return waker.wake({ agentId, userId });
      const times = (wokenAtMs.get(agentId) ?? []).filter((atMs) => now() - atMs < DAY_MS);
      const sinceLastMs = now() - (times.at(-1) ?? -Infinity);
      if (sinceLastMs < SHARED_MS) return waker.wake({ agentId, userId });
      if (sinceLastMs < PUBLIC_EVERY_MS || times.length >= PUBLIC_PER_DAY) return false;
      remember(agentId, [...times, now()]);
      return waker.wake({ agentId, userId });
    },
  };
}
