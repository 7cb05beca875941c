import { newSlot, startBackend, type Backend } from "./backend.ts";
import type { Reply } from "./asking-lane.ts";
import type { Customer, World } from "./world.ts";

interface Tenancy {
  userId: string;
  /** When the customer's agent was given another place; null = it is still here. */
  leftAt: number | null;
}

/** What a reply proves of its way. `unserved`: refused by the proxy itself. */
export type Verdict = "right" | "misrouted" | "unserved";

/** Design D11: what the platform has learned, every proxy knows within 2 s. */
export const LEARNS_WITHIN_MS = 2_000;

export interface Places {
  /** To a new slot on a new port; the old one goes on answering for a while, as it does until it is stopped. */
  moveAway: (customer: Customer, restMs: number) => Promise<void>;
  /** Two customers' agents change places: each port is now somebody else's. */
  exchange: (one: Customer, other: Customer) => Promise<void>;
  judge: (reply: Reply) => Verdict;
  /** Longest time after a move at which a question still went to the old place, ms. */
  stalestMs: () => number;
  /** Old places that still answer. */
  close: () => Promise<void>;
}

/** Knows which slot was whose, and when. */
export function makePlaces(world: Pick<World, "moveTo">, customers: readonly Customer[]): Places {
  const tenancies = new Map<string, Tenancy>();
  const resting = new Map<Backend, NodeJS.Timeout>();
  let stalestMs = 0;
  for (const { userId, backend } of customers) tenancies.set(backend.slot.slotId, { userId, leftAt: null });

  const settle = async (customer: Customer, backend: Backend) => {
    const { userId } = customer;
    const former = tenancies.get(customer.backend.slot.slotId);
    tenancies.set(backend.slot.slotId, { userId, leftAt: null });
    await world.moveTo(customer, backend);
    if (former !== undefined) former.leftAt = performance.now();
    customer.backend = backend;
  };

  return {
    async moveAway(customer, restMs) {
      const old = customer.backend;
      await settle(customer, await startBackend(newSlot(customer.agentId)));
      const timer = setTimeout(() => {
        resting.delete(old);
        void old.close();
      }, restMs);
      resting.set(old, timer);
    },
    async exchange(one, other) {
      const [ofOne, ofOther] = [one.backend, other.backend];
      await Promise.all([ofOne.close(), ofOther.close()]);
      const [forOther, forOne] = await Promise.all([
        startBackend(newSlot(other.agentId), ofOne.port),
        startBackend(newSlot(one.agentId), ofOther.port),
      ]);
      await Promise.all([settle(other, forOther), settle(one, forOne)]);
    },
    judge({ customer, nonce, askedAt, status, body }) {
      const [slotId = "", heardUser = "", heardNonce = ""] = body.split(" ");
      const tenancy = tenancies.get(slotId);
      // An answer that no agent gave: the proxy's own.
      if (tenancy === undefined) return status === 200 ? "misrouted" : "unserved";
      // A gate that refuses has heard somebody else's request: its header was made for another slot.
      if (status !== 200 || tenancy.userId !== customer.userId) return "misrouted";
      if (heardUser !== customer.userId || heardNonce !== nonce) return "misrouted";
      const staleMs = tenancy.leftAt === null ? 0 : askedAt - tenancy.leftAt;
      stalestMs = Math.max(stalestMs, staleMs);
      return staleMs > LEARNS_WITHIN_MS ? "misrouted" : "right";
    },
    stalestMs: () => stalestMs,
    async close() {
      const backends = [...resting.keys()];
      for (const timer of resting.values()) clearTimeout(timer);
      resting.clear();
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}
