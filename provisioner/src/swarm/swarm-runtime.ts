import { setTimeout as sleep } from "node:timers/promises";
import { appError } from "@automna/contract/error-catalogue";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { slotLabels, type SlotContainer } from "@automna/contract/nodekeeper";
import type { AgentRuntime, RuntimeSlot, SlotLook, SlotSpec } from "../agents/agent-runtime.ts";
import { makeCellPictures, type CellPicture } from "./cell-pictures.ts";
import { watchChanges } from "./change-watch.ts";
import { makeEndSightings } from "./end-sightings.ts";
import { observeService } from "./observe-service.ts";
import type { SlotKeeper } from "./slot-keeper.ts";
import { makeSlotParts } from "./slot-parts.ts";
import { STOP_GRACE_MS, toServiceSpec, type SwarmSettings } from "./slot-service.ts";
import type { SwarmEngine } from "./swarm-engine.ts";

export interface SwarmRuntimeOptions {
  engine: SwarmEngine;
  keeper: SlotKeeper;
  settings: SwarmSettings;
  clock: Clock;
  log: Logger;
}

export interface SwarmRuntime extends AgentRuntime {
  /** Ends the watch. Slots go on running. */
  close: () => Promise<void>;
}

const POLL_MS = SECOND_MS / 5;
/** What Swarm may take beyond the grace to say that a task is over. */
const SETTLE_LIMIT_MS = 20 * SECOND_MS;

/** Slots as services of a Swarm (design D3), with a nodekeeper's hands on each node (D17). */
export function startSwarmRuntime({ engine, keeper, settings, clock, log }: SwarmRuntimeOptions): SwarmRuntime {
  const pictures = makeCellPictures(engine, keeper);
  const sightings = makeEndSightings(clock);
  const parts = makeSlotParts(engine, settings);
  const handlers = new Set<(slotId: string) => void>();
  const stopWatch = watchChanges({
    engine,
    pictures,
    log,
    onChange: (slotId) => handlers.forEach((handle) => handle(slotId)),
  });

  /** Does what changes a slot, after which no older picture of it counts, however it ended. */
  const changing = async (slotId: string, work: () => Promise<void>) => {
    try {
      await work();
    } finally {
      pictures.forget(slotId);
    }
  };
  const assertIdle = async (slotId: string, signal: AbortSignal) => {
    if (!(await parts.isIdle(slotId, signal))) throw appError("slot_running");
  };

  /** Throws `slot_running`, and has the node stop nothing then. */
  const makeNodeReady = async (slotId: string, call: Parameters<AgentRuntime["start"]>[1]) => {
    await assertIdle(slotId, call.signal);
    // What Swarm has forgotten may still run on the node: two gateways never run on one volume (design D14).
    await keeper.confirmStop(slotId, 0, call);
    await keeper.attach(slotId, call);
  };

  const start = (spec: SlotSpec, call: Parameters<AgentRuntime["start"]>[1]) =>
    parts.changeService(
      spec.slotId,
      async ({ run }) => {
        const [secretId] = await Promise.all([
          parts.findOrMakeSecret(spec, call.signal),
          makeNodeReady(spec.slotId, call),
        ]);
        return toServiceSpec(spec, settings, { run: run + 1, replicas: 1, secretId });
      },
      call.signal,
    );

  const stop = async (slotId: string, call: Parameters<AgentRuntime["stop"]>[1]) => {
    if ((await parts.findService(slotId, call.signal)) !== null)
      await parts.changeService(
        slotId,
        async ({ spec, replicas }) => (replicas === 0 ? null : { ...spec, Mode: { Replicated: { Replicas: 0 } } }),
        call.signal,
      );
    // Side by side: a dozing slot hears nothing before its node wakes it, and Swarm's word comes last.
    await Promise.all([untilIdle(slotId, call.signal), keeper.confirmStop(slotId, STOP_GRACE_MS, call)]);
  };
  const untilIdle = async (slotId: string, signal: AbortSignal) => {
    const deadline = performance.now() + STOP_GRACE_MS + SETTLE_LIMIT_MS;
    while (!(await parts.isIdle(slotId, signal))) {
      if (performance.now() > deadline) throw appError("stop_overdue");
      await sleep(POLL_MS, undefined, { signal });
    }
  };

  const observe = async (slotId: string, picture: CellPicture, isBooting: boolean): Promise<RuntimeSlot> => {
    const service = picture.services.get(slotId);
    if (service === undefined) return { kind: "absent" };
    const tasks = picture.tasks.get(service.id) ?? [];
    const look = (container: SlotContainer | null) =>
      observeService({ service, tasks, readyNodes: picture.readyNodes, container });
    const seen = look(null);
    const isInteresting =
      (seen.kind === "running" && !isBooting) || (seen.kind === "stopped" && seen.lastExit !== "clean");
    const nodeId = service.nodeId;
    // Whether it dozes, and what it died of, its node alone knows.
    const known =
      isInteresting && nodeId !== null ? look((await picture.containersOf(nodeId)).get(slotId) ?? null) : seen;
    if (known.kind !== "stopped") sightings.seenRunning(slotId);
    if (known.kind !== "stopped" || known.endedAtMs === null) return known;
    const run = `${service.run}/${known.endedAtMs}`;
    return { ...known, endedAtMs: sightings.seenEnded(slotId, run, known.endedAtMs) };
  };

  return {
    sharesLooks: true,
    observe: async (slotId, signal, { notBefore = performance.now(), isBooting = false }: SlotLook = {}) =>
      observe(slotId, await pictures.since(notBefore, signal, slotId), isBooting),
    create: (spec, call) =>
      changing(spec.slotId, async () => {
        const [secretId] = await Promise.all([
          parts.makeOrFindSecret(spec, call.signal),
          keeper.create(spec.slotId, spec.volumeMb, call),
        ]);
        // Last: a slot without its service is looked at as one that was never made.
        await parts.ensureService(spec, secretId, call.signal);
      }),
    start: (spec, call) => changing(spec.slotId, () => start(spec, call)),
    stop: (slotId, call) => changing(slotId, () => stop(slotId, call)),
    doze: (slotId, call) => changing(slotId, () => keeper.doze(slotId, call)),
    wake: (slotId, call) => changing(slotId, () => keeper.wake(slotId, call)),
    resize: (spec, call) =>
      changing(spec.slotId, async () => {
        await keeper.grow(spec.slotId, spec.volumeMb, call);
        await parts.changeService(
          spec.slotId,
          async ({ run }) => {
            await assertIdle(spec.slotId, call.signal);
            const secretId = await parts.findOrMakeSecret(spec, call.signal);
            return toServiceSpec(spec, settings, { run, replicas: 0, secretId });
          },
          call.signal,
        );
      }),
    async copyVolume(copy, call) {
      await Promise.all([copy.from, copy.to].map((slotId) => assertIdle(slotId, call.signal)));
      await keeper.copy(copy, call);
    },
    async snapshot(slotId, name, call) {
      await assertIdle(slotId, call.signal);
      await keeper.snapshot(slotId, name, call);
    },
    async restoreSnapshot(slotId, name, call) {
      await assertIdle(slotId, call.signal);
      await keeper.restoreSnapshot(slotId, name, call);
    },
    deleteSnapshot: keeper.deleteSnapshot,
    delete: (slotId, call) =>
      changing(slotId, async () => {
        await parts.removeService(slotId, call.signal);
        // Its last container may still be going.
        await keeper.confirmStop(slotId, 0, call);
        await keeper.delete(slotId, call);
        await parts.removeSecret(slotId, call.signal);
      }),
    async listOwned(signal) {
      const picture = await pictures.since(performance.now(), signal);
      const secrets = await engine.listSecrets(signal);
      const onNodes = await listOnNodes(picture, log);
      const named = secrets.flatMap(({ labels }) => labels[slotLabels.slot] ?? []);
      return [...new Set([...picture.services.keys(), ...named, ...onNodes])];
    },
    onChange(handle) {
      handlers.add(handle);
      return () => handlers.delete(handle);
    },
    close: stopWatch,
  };
}

/** Label of nodes that carry slots. */
export const AGENT_NODE = { label: "automna.role", value: "agents" } as const;

/** What nodes have of slots besides Swarm's own. A node that does not answer hides its slots until it does. */
async function listOnNodes({ nodes, containersOf }: CellPicture, log: Logger): Promise<string[]> {
  const asked = [...nodes.values()].filter(
    ({ isReady, labels }) => isReady && labels[AGENT_NODE.label] === AGENT_NODE.value,
  );
  const answers = await Promise.all(
    asked.map(({ id }) =>
      containersOf(id).catch((error: unknown) => {
        log.warn({ err: error, nodeId: id }, "a node could not be asked for its slots");
        return new Map<string, SlotContainer | null>();
      }),
    ),
  );
  return answers.flatMap((slots) => [...slots.keys()]);
}
