import { setTimeout as sleep } from "node:timers/promises";
import { slotResourceName } from "@automna/contract/nodekeeper";
import { newsPollMs } from "@automna/core/agents/plan-common";
import { newId } from "@automna/service-kit/new-id";
import { deriveSlotKey, newRootKey } from "@automna/service-kit/slot-keys";
import { heapMb, slotLimits } from "../../../provisioner/src/agents/agent-claim.ts";
import type { SlotSpec } from "../../../provisioner/src/agents/agent-runtime.ts";
import { makeSwarmEngine } from "../../../provisioner/src/swarm/swarm-engine.ts";
import { ownershipLabels, rootKeyName, toServiceSpec } from "../../../provisioner/src/swarm/slot-service.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { EGRESS_URL, PORTS, type SpeedWorld } from "./world.ts";

/** A slot whose volume is there and of which nothing else is: what the engine is asked for is timed, nothing besides. */
export interface BareSlot {
  spec: SlotSpec;
  host: string;
  hasService: boolean;
  secretId: string | null;
}

const READY_LIMIT_MS = 240_000;
const DELETE_TRIES = 3;
const DELETE_AGAIN_MS = 1_000;
let slotsMade = 0;

/** The floor: the product's own ServiceSpec, straight to a manager's socket, asked for readiness as often as the product asks. */
export function makeBareEngine(ctx: ScenarioContext, world: SpeedWorld) {
  const { cell, image, keeper, agentd } = world;
  const { docker } = cell.manager.engine;
  const engine = makeSwarmEngine({ docker, installId: cell.installId });
  const call = { signal: ctx.signal, fencing: 1n };
  const settings = {
    installId: cell.installId,
    network: cell.network,
    egressUrls: [EGRESS_URL],
    dns: [],
    logLevel: "info",
  };

  const prepare = async (): Promise<BareSlot> => {
    const node = cell.agentNodes[slotsMade % cell.agentNodes.length];
    if (node === undefined) throw new Error("the cell has no nodes");
    const spec: SlotSpec = {
      slotId: newId("slt"),
      keyGeneration: 1,
      rootKey: newRootKey(),
      host: node.address,
      port: PORTS.bare.first + (slotsMade % (PORTS.bare.last - PORTS.bare.first)),
      nodeId: node.nodeId,
      image,
      ...slotLimits({ tier: "starter" }),
    };
    slotsMade += 1;
    world.placeSlot(spec.slotId, node.nodeId);
    await keeper.create(spec.slotId, spec.volumeMb, call);
    return { spec, host: node.address, hasService: false, secretId: null };
  };

  /** From the first call to the moment in which the slot is an agent's whose gateway works, ms. */
  const bringUp = async (slot: BareSlot): Promise<number> => {
    const { spec } = slot;
    const startedAt = performance.now();
    const secret = await docker.createSecret({
      Name: rootKeyName(spec.slotId),
      Labels: ownershipLabels(settings.installId, spec.slotId),
      Data: Buffer.from(Buffer.from(spec.rootKey).toString("base64url")).toString("base64"),
    });
    slot.secretId = secret.id;
    const service = toServiceSpec(spec, settings, { run: 1, replicas: 1, secretId: secret.id });
    await engine.createService(service, ctx.signal);
    slot.hasService = true;
    await untilReady(spec);
    return performance.now() - startedAt;
  };

  const untilReady = async (spec: SlotSpec) => {
    const { slotId, host, port } = spec;
    const controlKey = deriveSlotKey(Buffer.from(spec.rootKey), "control", slotId, spec.keyGeneration);
    const address = { slotId, host, port, controlKey };
    const startedAt = performance.now();
    const deadline = startedAt + READY_LIMIT_MS;
    for (let isClaimed = false; performance.now() < deadline;) {
      const seen = await agentd.observe(address, ctx.signal);
      if (seen.kind === "answering" && seen.agentId !== null && seen.gateway === "ready") return;
      if (seen.kind === "answering" && !isClaimed) {
        await agentd.claim(address, claimFor(spec), ctx.signal);
        isClaimed = true;
        continue;
      }
      await sleep(newsPollMs(performance.now() - startedAt), undefined, { signal: ctx.signal });
    }
    throw new Error(`${slotId} did not come up on the bare engine`);
  };

  /** Tried again, as the product's own steps are; why it did not work is told, for it ought to. */
  const deleteVolume = async (
    { slotId, nodeId }: Pick<SlotSpec, "slotId" | "nodeId">,
    triesLeft = DELETE_TRIES - 1,
  ): Promise<void> => {
    try {
      await keeper.delete(slotId, call);
    } catch (error) {
      const lines = cell.keepers.get(nodeId)?.log().split("\n") ?? [];
      ctx.log(
        `  a volume was not deleted: ${lines
          .filter((line) => line.includes(slotId))
          .slice(-3)
          .join(" ")}`,
      );
      if (triesLeft === 0) throw error;
      await sleep(DELETE_AGAIN_MS, undefined, { signal: ctx.signal });
      await deleteVolume({ slotId, nodeId }, triesLeft - 1);
    }
  };

  const remove = async ({ spec, hasService, secretId }: BareSlot) => {
    if (hasService) await docker.getService(slotResourceName(spec.slotId)).remove();
    await keeper.confirmStop(spec.slotId, 5_000, call);
    await deleteVolume(spec);
    if (secretId !== null) await docker.getSecret(secretId).remove();
  };

  return { prepare, bringUp, remove };
}
export type BareEngine = ReturnType<typeof makeBareEngine>;

function claimFor({ memoryMb }: SlotSpec) {
  return {
    agentId: newId("agt"),
    userId: newId("user"),
    name: "Ada",
    personality: "",
    model: "claude-sonnet-4-5",
    utilityModel: "claude-haiku-4-5",
    memoryMb: heapMb(memoryMb),
  };
}
