import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";

export interface GateEntry {
  nodeId: string;
  slotId: string;
  /** What its boot takes, CPU-seconds, as measured for its image. */
  cost: number;
  /** People go before what is started in advance. */
  isForPerson: boolean;
}

export interface StartGate {
  /** True when the slot may start now; else ask again soon: who stops asking loses its place. */
  tryEnter: (entry: GateEntry) => boolean;
  /** Its boot is over, or was given up. */
  leave: (slotId: string) => void;
  /** What boots and what waits now, for each node that has any. */
  list: () => GateFacts[];
}

export interface GateFacts {
  nodeId: string;
  capacityCpuS: number | null;
  booting: number;
  waiting: number;
  /** Of those that wait, how many are for people. */
  waitingPeople: number;
}

export interface StartGateOptions {
  /** CPU-seconds of boots that may be under way on a node at once; null = as many as come. */
  capacity: number | null;
  clock: Clock;
}

/** A boot that nobody has called over counts no longer than this: a gate that forgets to open would stop everything. */
const LONGEST_BOOT_MS = 3 * MINUTE_MS;
/** Who has not asked for so long is not waiting any more. */
const PATIENCE_MS = 5 * SECOND_MS;

interface Waiting extends GateEntry {
  sinceMs: number;
  askedAtMs: number;
}

/**
 * Lets boots begin side by side only as far as the node's processor serves them: many at once all take longer, and the
 * last ones miss their deadlines (design, "Numbers to design for"). It lives in memory: after a restart what boots
 * already is not counted for a moment.
 */
export function makeStartGate({ capacity, clock }: StartGateOptions): StartGate {
  const booting = new Map<string, GateEntry & { untilMs: number }>();
  const waiting = new Map<string, Waiting>();

  const forget = (now: number) => {
    for (const [slotId, { untilMs }] of booting) if (untilMs <= now) booting.delete(slotId);
    for (const [slotId, { askedAtMs }] of waiting) if (askedAtMs + PATIENCE_MS < now) waiting.delete(slotId);
  };

  return {
    tryEnter(entry) {
      const now = clock();
      forget(now);
      if (booting.has(entry.slotId)) return true;
      if (capacity === null) {
        booting.set(entry.slotId, { ...entry, untilMs: now + LONGEST_BOOT_MS });
        return true;
      }
      const sinceMs = waiting.get(entry.slotId)?.sinceMs ?? now;
      waiting.set(entry.slotId, { ...entry, sinceMs, askedAtMs: now });
      const under = [...booting.values()].filter(({ nodeId }) => nodeId === entry.nodeId);
      const underWay = under.reduce((sum, { cost }) => sum + cost, 0);
      // One may always boot, whatever it costs: else a dear image would never start.
      const hasRoom = under.length === 0 || underWay + entry.cost <= capacity;
      const ahead = [...waiting.values()].some(
        (other) => other.nodeId === entry.nodeId && other.slotId !== entry.slotId && isBefore(other, entry, sinceMs),
      );
      if (!hasRoom || ahead) return false;
      waiting.delete(entry.slotId);
      booting.set(entry.slotId, { ...entry, untilMs: now + LONGEST_BOOT_MS });
      return true;
    },
    leave: (slotId) => void booting.delete(slotId),
    list() {
      forget(clock());
      const nodeIds = new Set([...booting.values(), ...waiting.values()].map(({ nodeId }) => nodeId));
      return [...nodeIds].map((nodeId) => {
        const isHere = (entry: GateEntry) => entry.nodeId === nodeId;
        const waitHere = [...waiting.values()].filter(isHere);
        return {
          nodeId,
          capacityCpuS: capacity,
          booting: [...booting.values()].filter(isHere).length,
          waiting: waitHere.length,
          waitingPeople: waitHere.filter(({ isForPerson }) => isForPerson).length,
        };
      });
    },
  };
}

function isBefore(other: Waiting, entry: GateEntry, sinceMs: number): boolean {
  if (other.isForPerson !== entry.isForPerson) return other.isForPerson;
  return other.sinceMs < sinceMs;
}
