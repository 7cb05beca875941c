import { setTimeout as sleep } from "node:timers/promises";
import { slotLabels, type SlotContainer } from "@automna/contract/nodekeeper";
import type { EngineNode, EngineService, EngineTask } from "./engine-shapes.ts";
import type { SlotKeeper } from "./slot-keeper.ts";
import type { SwarmEngine } from "./swarm-engine.ts";

/** A whole cell at one moment. */
export interface CellPicture {
  services: ReadonlyMap<string, EngineService>;
  /** By service id. */
  tasks: ReadonlyMap<string, readonly EngineTask[]>;
  nodes: ReadonlyMap<string, EngineNode>;
  readyNodes: ReadonlySet<string>;
  /** What a node's keeper says of the containers there, asked once and only if somebody wants to know. */
  containersOf: (nodeId: string) => Promise<ReadonlyMap<string, SlotContainer | null>>;
}

export interface CellPictures {
  /**
   * A picture that was begun at `notBefore` (of performance.now()) or later, and for `slotId` after what `forget` was
   * called for. Looks share pictures: a sweep over all agents asks the engine as often as a few of them do.
   */
  since: (notBefore: number, signal: AbortSignal, slotId?: string) => Promise<CellPicture>;
  /** The slot was changed: pictures begun before show of it what no longer is. */
  forget: (slotId: string) => void;
}

/** Where many slots change at once a picture takes long, and one after the other would be most of what the manager does. */
const REST_PER_PICTURE = 2;
/** On a quiet cell a picture costs so little that nobody need wait for it. */
const FREE_REST_MS = 100;
const LONGEST_REST_MS = 1_000;

export function makeCellPictures(
  engine: SwarmEngine,
  keeper: Pick<SlotKeeper, "listSlots">,
  now: () => number = () => performance.now(),
): CellPictures {
  let latest: { startedAt: number; endedAt: number | null; picture: Promise<CellPicture> } | null = null;
  let next: Promise<CellPicture> | null = null;
  /** Changed since the latest was begun. */
  const changed = new Set<string>();

  const begin = (): Promise<CellPicture> => {
    // Not the caller's signal: the picture is others' too. The engine's own time limit ends it.
    const taking = { startedAt: now(), endedAt: null as number | null, picture: takePicture(engine, keeper) };
    latest = taking;
    next = null;
    changed.clear();
    taking.picture.then(
      () => (taking.endedAt = now()),
      () => {
        if (latest === taking) latest = null;
      },
    );
    return taking.picture;
  };
  /** How long the manager is left alone after the latest, ms from now. */
  const restMs = () => {
    if (latest === null || latest.endedAt === null) return 0;
    const { startedAt, endedAt } = latest;
    return endedAt + Math.min(LONGEST_REST_MS, REST_PER_PICTURE * (endedAt - startedAt) - FREE_REST_MS) - now();
  };
  const rest = () => {
    const ms = restMs();
    return ms > 0 ? sleep(ms) : undefined;
  };
  /** One at a time: who comes while one is taken that is too old for him shares the one after it. */
  const beginSoon = (): Promise<CellPicture> => {
    if (next !== null) return next;
    const isBeingTaken = latest !== null && latest.endedAt === null;
    if (!isBeingTaken && restMs() <= 0) return begin();
    const ended = isBeingTaken ? latest?.picture : undefined;
    next = Promise.resolve(ended).then(rest, rest).then(begin);
    return next;
  };
  const waitFor = async (picture: Promise<CellPicture>, signal: AbortSignal) => {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([picture, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
  return {
    since(notBefore, signal, slotId) {
      const isChanged = slotId !== undefined && changed.has(slotId);
      const isGood = latest !== null && latest.startedAt >= notBefore && !isChanged;
      return waitFor(isGood && latest !== null ? latest.picture : beginSoon(), signal);
    },
    forget: (slotId) => void changed.add(slotId),
  };
}

/** One call for each kind of thing, whatever the number of slots. */
async function takePicture(engine: SwarmEngine, keeper: Pick<SlotKeeper, "listSlots">): Promise<CellPicture> {
  const { signal } = new AbortController();
  // Services first: a task of one that is newer is of no interest, a service without its tasks would look unstarted.
  const services = await engine.listServices(signal);
  const [tasks, nodes] = await Promise.all([engine.listTasks(signal), engine.listNodes(signal)]);
  const containers = new Map<string, Promise<ReadonlyMap<string, SlotContainer | null>>>();
  return {
    services: new Map(
      services.flatMap((service) => {
        const slotId = service.labels[slotLabels.slot];
        return slotId === undefined ? [] : [[slotId, service] as const];
      }),
    ),
    tasks: Map.groupBy(tasks, ({ serviceId }) => serviceId),
    nodes: new Map(nodes.map((node) => [node.id, node])),
    readyNodes: new Set(nodes.filter(({ isReady }) => isReady).map(({ id }) => id)),
    containersOf(nodeId) {
      const known = containers.get(nodeId);
      if (known !== undefined) return known;
      const asked = keeper
        .listSlots(nodeId, signal)
        .then((slots) => new Map(slots.map(({ slotId, container }) => [slotId, container])));
      containers.set(nodeId, asked);
      return asked;
    },
  };
}
