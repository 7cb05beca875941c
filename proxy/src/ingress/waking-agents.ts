import { SECOND_MS, type Clock } from "@automna/core/shared/clock";

/** Asks for an agent to be started. False = it stays asleep: its owner stopped it, or nobody can start it. */
export type WakeAgent = (agent: { agentId: string; userId: string }) => Promise<boolean>;

export interface Waker {
  /** True when the agent is on its way up. Whoever asks meanwhile shares the answer: one wake, however many wait. */
  wake: WakeAgent;
  /** It was seen up: one that rests again from now on is woken anew. */
  seenUp: (agentId: string) => void;
}

interface Asked {
  answer: Promise<boolean>;
  untilMs: number;
}

/** So long the phase may take to show that an agent was woken. */
const WOKEN_MS = 15 * SECOND_MS;
/** So long a refusal holds; an owner who starts their agent changes its phase, and nobody asks again. */
const REFUSED_MS = 5 * SECOND_MS;

export function makeWaker({ wakeAgent, now }: { wakeAgent: WakeAgent; now: Clock }): Waker {
  const asked = new Map<string, Asked>();

  const dropOutdated = () => {
    for (const [agentId, { untilMs }] of asked) if (untilMs <= now()) asked.delete(agentId);
  };

  const ask = async (agent: Parameters<WakeAgent>[0]) => {
    try {
      const isComing = await wakeAgent(agent);
      const entry = asked.get(agent.agentId);
      if (entry !== undefined) entry.untilMs = now() + (isComing ? WOKEN_MS : REFUSED_MS);
      return isComing;
    } catch (error) {
      asked.delete(agent.agentId);
      throw error;
    }
  };

  return {
    wake(agent) {
      const known = asked.get(agent.agentId);
      if (known !== undefined && known.untilMs > now()) return known.answer;
      dropOutdated();
      const entry: Asked = { answer: Promise.resolve(false), untilMs: Number.POSITIVE_INFINITY };
      asked.set(agent.agentId, entry);
      entry.answer = ask(agent);
      return entry.answer;
    },
    seenUp: (agentId) => void asked.delete(agentId),
  };
}
