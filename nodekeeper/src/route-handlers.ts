import { setTimeout as sleep } from "node:timers/promises";
import type {
  NodekeeperHealth,
  NodekeeperRouteName,
  NodeSlot,
  RouteAnswer,
  RouteBody,
  RouteQuery,
} from "@automna/contract/nodekeeper";
import { slotResourceName } from "@automna/contract/nodekeeper";
import { appError } from "@automna/contract/error-catalogue";
import { doze, wake, type DozeDeps } from "./doze/doze.ts";
import { confirmStop, type StopDeps } from "./facts/confirm-stop.ts";
import type { Copies } from "./volumes/copies.ts";
import type { Snapshots } from "./volumes/snapshots.ts";
import type { Volumes } from "./volumes/volumes.ts";

export interface RouteCall<Name extends NodekeeperRouteName> {
  slotId: string;
  snapshot: string;
  body: RouteBody<Name>;
  query: RouteQuery<Name>;
  /** The request's own bytes, for the one route that takes a volume. */
  bytes: AsyncIterable<Buffer>;
  /** Streams an answer, for the one route that gives a volume. */
  pass: (bytes: AsyncIterable<Buffer>) => Promise<void>;
  /** Aborted when the caller is gone. */
  signal: AbortSignal;
}

/** A route without a handler does not compile. */
export type RouteHandlers = {
  [Name in NodekeeperRouteName]: (call: RouteCall<Name>) => Promise<RouteAnswer<Name>>;
};

export interface HandlerDeps extends StopDeps, DozeDeps {
  volumes: Volumes;
  snapshots: Snapshots;
  copies: Copies;
  /** Makes this node's part of the agents' network unless it is there. */
  ensureNetwork: (signal: AbortSignal) => Promise<void>;
  health: () => Promise<NodekeeperHealth>;
}

const OK = { ok: true } as const;
const REMOVAL_LIMIT_MS = 5_000;
const REMOVAL_LOOK_MS = 100;

export function makeRouteHandlers(deps: HandlerDeps): RouteHandlers {
  const { volumes, snapshots, copies, facts, engine } = deps;

  /** One that Swarm is taking away at the same time goes a moment later, and until then its volume counts as in use. */
  const removeContainers = async (slotId: string, signal: AbortSignal) => {
    for (const giveUpAt = performance.now() + REMOVAL_LIMIT_MS; performance.now() < giveUpAt;) {
      const containers = await engine.listContainers(slotId, signal);
      if (containers.length === 0) return;
      for (const { id } of containers) await engine.removeContainer(id, signal);
      await sleep(REMOVAL_LOOK_MS, undefined, { signal });
    }
  };
  const removeFromEngine = async (slotId: string, signal: AbortSignal) => {
    if ((await facts.listRunning(slotId, signal)).length > 0) throw appError("slot_running");
    await removeContainers(slotId, signal);
    await engine.removeVolume(slotResourceName(slotId), signal);
  };

  return {
    health: deps.health,
    async listSlots({ signal }) {
      const [containers, all] = await Promise.all([facts.observeAll(signal), volumes.observeAll()]);
      const ids = [...new Set([...all.keys(), ...containers.keys()])].toSorted();
      return ids.map((slotId): NodeSlot => ({
        slotId,
        volume: all.get(slotId) ?? null,
        container: containers.get(slotId) ?? null,
      }));
    },
    slot: async ({ slotId, signal }) => ({
      slotId,
      volume: await volumes.observe(slotId),
      container: await facts.observe(slotId, signal),
    }),
    async createVolume({ slotId, body, signal }) {
      await volumes.create(slotId, body.sizeMb, signal);
      return OK;
    },
    async attachVolume({ slotId, signal }) {
      // What comes next is a start, for which both have to be there.
      await deps.ensureNetwork(signal);
      await volumes.attach(slotId, signal);
      return OK;
    },
    async growVolume({ slotId, body, signal }) {
      await volumes.grow(slotId, body.sizeMb, signal);
      return OK;
    },
    async deleteVolume({ slotId, signal }) {
      await removeFromEngine(slotId, signal);
      await volumes.delete(slotId);
      return OK;
    },
    listSnapshots: ({ slotId }) => snapshots.list(slotId),
    async takeSnapshot({ slotId, snapshot, signal }) {
      await snapshots.take(slotId, snapshot, signal);
      return OK;
    },
    async restoreSnapshot({ slotId, snapshot, signal }) {
      await volumes.replace(slotId, await snapshots.unpack(slotId, snapshot, signal), signal);
      return OK;
    },
    async deleteSnapshot({ slotId, snapshot }) {
      await snapshots.delete(slotId, snapshot);
      return OK;
    },
    send: ({ slotId, query, pass, signal }) => copies.send(slotId, query.snapshot, pass, signal),
    receive: ({ slotId, query, bytes, signal }) =>
      copies.receive(slotId, { from: query.from, name: query.copy, bytes }, signal),
    async confirmStop({ slotId, body, signal }) {
      return { ...OK, ...(await confirmStop(deps, { slotId, graceMs: body.graceMs, signal })) };
    },
    async doze({ slotId, signal }) {
      await doze(deps, slotId, signal);
      return OK;
    },
    async wake({ slotId, signal }) {
      await wake(deps, slotId, signal);
      return OK;
    },
  };
}
