import type { SlotContainer } from "@automna/contract/nodekeeper";
import type { EngineClient, InspectedContainer, ListedContainer } from "../engine/engine-client.ts";
import { findControlGroup, readGroupUsage, type GroupUsage } from "./control-groups.ts";

/** What the engine says of a container, with what the kernel counted, in the contract's words. */
export function toSlotContainer({ State: state }: InspectedContainer, usage: GroupUsage): SlotContainer {
  const startedAtMs = parseTime(state.StartedAt);
  if (state.Running) return { kind: "running", startedAtMs: startedAtMs ?? 0, isDozing: state.Paused, ...usage };
  return {
    kind: "ended",
    exitCode: state.ExitCode,
    wasOomKilled: state.OOMKilled,
    startedAtMs,
    endedAtMs: parseTime(state.FinishedAt),
    startError: state.Error,
  };
}

/** The engine writes the year 1 for "never". */
function parseTime(text: string): number | null {
  const time = Date.parse(text);
  return Number.isNaN(time) || time <= 0 ? null : time;
}

/** Of a slot's containers the one that tells: a running one, else the newest. Swarm keeps some that ended. */
export function chooseContainer<Container extends { isRunning: boolean; createdAt: number }>(
  containers: readonly Container[],
): Container | null {
  const [first] = containers.toSorted((a, b) => Number(b.isRunning) - Number(a.isRunning) || b.createdAt - a.createdAt);
  return first ?? null;
}

export interface ContainerFacts {
  /** Null: the engine knows no container of the slot. */
  observe: (slotId: string, signal: AbortSignal) => Promise<SlotContainer | null>;
  /** Of all slots, in one question and one look at each container. */
  observeAll: (signal: AbortSignal) => Promise<Map<string, SlotContainer>>;
  /** Running or paused ones, as the engine says. */
  listRunning: (slotId: string, signal: AbortSignal) => Promise<InspectedContainer[]>;
}

const NO_USAGE: GroupUsage = { memoryMb: null, swapMb: null, cpuMs: null };

export function makeContainerFacts(engine: EngineClient, cgroupDir: string): ContainerFacts {
  const look = async (listed: readonly ListedContainer[], signal: AbortSignal): Promise<SlotContainer | null> => {
    const inspected = await inspectAll(listed, signal);
    const chosen = chooseContainer(inspected);
    if (chosen === null) return null;
    const group = chosen.isRunning ? await findControlGroup(chosen.container.State.Pid, cgroupDir) : null;
    return toSlotContainer(chosen.container, group === null ? NO_USAGE : await readGroupUsage(group));
  };
  const inspectAll = async (listed: readonly ListedContainer[], signal: AbortSignal) => {
    const found = await Promise.all(
      listed.map(async ({ id, createdAt }) => ({ container: await engine.inspect(id, signal), createdAt })),
    );
    return found.flatMap(({ container, createdAt }) =>
      container === null ? [] : [{ container, createdAt, isRunning: container.State.Running }],
    );
  };

  return {
    observe: async (slotId, signal) => look(await engine.listContainers(slotId, signal), signal),
    async observeAll(signal) {
      const all = Map.groupBy(await engine.listContainers(undefined, signal), ({ slotId }) => slotId);
      const looked = await Promise.all(
        [...all].map(async ([slotId, listed]) => [slotId, await look(listed, signal)] as const),
      );
      return new Map(looked.flatMap(([slotId, container]) => (container === null ? [] : [[slotId, container]])));
    },
    async listRunning(slotId, signal) {
      const inspected = await inspectAll(await engine.listContainers(slotId, signal), signal);
      return inspected.filter(({ isRunning }) => isRunning).map(({ container }) => container);
    },
  };
}
