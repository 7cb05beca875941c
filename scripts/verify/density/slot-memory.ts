import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeSlotSchema, type SlotContainer } from "@automna/contract/nodekeeper";
import { listProcesses } from "@automna/testkit/processes";
import type { House } from "./resident.ts";

/** agent/Dockerfile: the gateway's user. */
const GATEWAY_UID = 10_002;
const SETTLE_MS = 120_000;
/** Two looks this much apart that differ by less: no more of it goes out. */
const SETTLED_MB = 1;
const LOOK_MS = 1_000;

type Running = Extract<SlotContainer, { kind: "running" }>;

/** What the node itself says of every slot that runs there. */
export async function listRunning({ installation: { cell } }: House): Promise<Map<string, Running>> {
  const [keeper] = cell.keepers.values();
  const slots = nodeSlotSchema.array().parse((await keeper?.call({ path: "/v1/slots" }))?.json());
  return new Map(
    slots.flatMap(({ slotId, container }) => (container?.kind === "running" ? [[slotId, container] as const] : [])),
  );
}

/** Waits until a dozing slot's memory gets no less. */
export async function untilAsleepInSwap(house: House, slotId: string): Promise<void> {
  let last = Infinity;
  const isSettled = async () => {
    const slot = (await listRunning(house)).get(slotId);
    const memoryMb = slot?.memoryMb ?? null;
    if (slot?.isDozing !== true || memoryMb === null) return null;
    const isSame = last - memoryMb < SETTLED_MB && memoryMb < DEEP_MB;
    last = memoryMb;
    return isSame ? true : null;
  };
  await house.ctx.eventually("a dozing slot's memory is in swap", isSettled, {
    timeoutMs: SETTLE_MS,
    everyMs: LOOK_MS,
  });
}
/** Until so little is left it is still on its way. */
const DEEP_MB = 150;

/** What a gateway, with all that it started, has in memory, MB. */
export interface GatewayMemory {
  /** Pages that several processes share count in parts for each of them: the program itself is there once for all slots. */
  ownMb: number;
  /** Shared pages whole. */
  residentMb: number;
}

/** Of each slot. */
export async function listGatewayMemory({ installation: { cell } }: House): Promise<GatewayMemory[]> {
  const [node] = cell.agentNodes;
  if (node === undefined) throw new Error("the cell has no node");
  const { docker } = node.engine;
  const parents = new Map(listProcesses().map(({ pid, parentPid }) => [pid, parentPid]));
  const containers = await docker.listContainers({ filters: { label: ["automna.slot"] } });
  return Promise.all(
    containers.map(async ({ Id: id }) => {
      const { State: state } = await docker.getContainer(id).inspect();
      const below = [...parents.keys()].filter((pid) => isBelow(pid, state.Pid, parents));
      const found = await Promise.all(below.map(gatewayMemory));
      return {
        ownMb: found.reduce((sum, { ownMb }) => sum + ownMb, 0),
        residentMb: found.reduce((sum, { residentMb }) => sum + residentMb, 0),
      };
    }),
  );
}

function isBelow(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
    if (at === ancestor) return true;
  return false;
}

/** Nothing for a process of somebody else, or one that is gone. */
async function gatewayMemory(pid: number): Promise<GatewayMemory> {
  const read = (file: string) => readFile(join("/proc", String(pid), file), "utf8").catch(() => "");
  const uid = Number(/^Uid:\s+(\d+)/m.exec(await read("status"))?.[1]);
  if (uid !== GATEWAY_UID) return { ownMb: 0, residentMb: 0 };
  const smaps = await read("smaps_rollup");
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(smaps)?.[1] ?? 0) / 1_024;
  return { ownMb: mb("Pss"), residentMb: mb("Rss") };
}
