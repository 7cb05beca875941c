import type { ScenarioContext } from "../harness/scenario.ts";
import { nodeOf, type World } from "../steps/cell-world.ts";

interface Begun {
  /** Where a container of it runs, if any does. */
  isRunning: boolean;
}

/** Both on ports that no slot has. */
const UNUSED_PORT = 20_990;
const SETTLE_MS = 60_000;

/**
 * What would make two of an agent: its service sent to a node that has not its volume. Without what the volume says of its device an
 * empty agent starts there.
 */
export async function attackElsewhere(
  ctx: ScenarioContext,
  world: World,
  { slotId, nodeId }: { slotId: string; nodeId: string },
): Promise<void> {
  await ctx.attack({
    name: "an agent's service is sent to a node that has not its volume",
    unsafe: async () => (await beginElsewhere(ctx, world, { slotId, nodeId, isVolumeOwn: false })).isRunning,
    safe: async () => (await beginElsewhere(ctx, world, { slotId, nodeId, isVolumeOwn: true })).isRunning,
  });
}

async function beginElsewhere(
  ctx: ScenarioContext,
  { cell }: World,
  { slotId, nodeId, isVolumeOwn }: { slotId: string; nodeId: string; isVolumeOwn: boolean },
): Promise<Begun> {
  const { docker } = cell.manager.engine;
  const found = await docker.getService(`automna-${slotId}`).inspect();
  const name = `elsewhere-${isVolumeOwn ? "own" : "any"}`;
  const id = await createCopy();
  try {
    return await ctx.eventually(`a copy of its service (${name}) settles on another node`, settled, {
      timeoutMs: SETTLE_MS,
    });
  } finally {
    await docker.getService(id).remove();
    const { engine } = nodeOf(cell, nodeId);
    const gone = async () => {
      const filters = { label: [`com.docker.swarm.service.name=${name}`] };
      const left = await engine.docker.listContainers({ all: true, filters });
      return left.length === 0 ? true : null;
    };
    await ctx.eventually("… and leaves no container", gone, { timeoutMs: SETTLE_MS });
    // Swarm leaves volumes to whoever made them.
    await engine.docker
      .getVolume(`automna-${slotId}`)
      .remove()
      .catch(() => undefined);
  }

  async function createCopy(): Promise<string> {
    const spec = structuredClone(found.Spec) as CopiedSpec;
    spec.Name = name;
    spec.Labels = {};
    spec.Mode = { Replicated: { Replicas: 1 } };
    spec.TaskTemplate.Placement = { Constraints: [`node.id==${nodeId}`] };
    spec.TaskTemplate.ContainerSpec.Labels = {};
    spec.EndpointSpec.Ports[0].PublishedPort = UNUSED_PORT;
    const volume = spec.TaskTemplate.ContainerSpec.Mounts.find(({ Type: type }) => type === "volume");
    if (!isVolumeOwn && volume !== undefined) delete volume.VolumeOptions?.DriverConfig;
    return (await docker.createService(spec as object)).id;
  }

  async function settled(): Promise<Begun | null> {
    const tasks = (await docker.listTasks({ filters: { service: [name] } })) as { Status: { State: string } }[];
    const state = tasks[0]?.Status.State ?? "";
    if (state === "running") return { isRunning: true };
    return ["rejected", "failed", "complete"].includes(state) ? { isRunning: false } : null;
  }
}

/** The parts of a service that are changed. */
interface CopiedSpec {
  Name: string;
  Labels: Record<string, string>;
  Mode: { Replicated: { Replicas: number } };
  EndpointSpec: { Ports: [{ PublishedPort: number }] };
  TaskTemplate: {
    Placement: { Constraints: string[] };
    ContainerSpec: {
      Labels: Record<string, string>;
      Mounts: { Type: string; VolumeOptions?: { DriverConfig?: unknown } }[];
    };
  };
}
