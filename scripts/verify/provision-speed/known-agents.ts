import { parseKeyRing } from "@automna/service-kit/secret-box";
import type { ScenarioContext } from "../harness/scenario.ts";
import { newSlotSecrets, openRootKey } from "../../../provisioner/src/agents/slot-secrets.ts";
import { toSlotSpec } from "../../../provisioner/src/agents/slot-spec.ts";
import { slotLimits } from "../../../provisioner/src/agents/agent-claim.ts";
import { makeSwarmEngine } from "../../../provisioner/src/swarm/swarm-engine.ts";
import { ownershipLabels, rootKeyName, toServiceSpec } from "../../../provisioner/src/swarm/slot-service.ts";
import { addCustomer, wishAgent } from "../../../provisioner/src/testing/wished-agents.ts";
import { EGRESS_URL, PORTS, type SpeedWorld } from "./world.ts";

let known = 0;

/**
 * Agents that sleep, as the product leaves them: records, a secret, a service without replicas, and on its node a volume.
 * Made side by side and not by deploys, which would take the better part of an hour.
 */
export async function makeSleepingAgents(ctx: ScenarioContext, world: SpeedWorld, count: number): Promise<void> {
  const rings = { slots: parseKeyRing(world.rings.slots), ingress: parseKeyRing(world.rings.ingress) };
  const { cell, db, image, keeper } = world;
  const { docker } = cell.manager.engine;
  const engine = makeSwarmEngine({ docker, installId: cell.installId });
  const settings = {
    installId: cell.installId,
    network: cell.network,
    egressUrls: [EGRESS_URL],
    dns: [],
    logLevel: "info",
  };

  const makeOne = async () => {
    const index = known;
    known += 1;
    const node = cell.agentNodes[index % cell.agentNodes.length];
    if (node === undefined) throw new Error("the cell has no nodes");
    const { volumeMb, memoryMb } = slotLimits({ tier: "starter" });
    const { appsKeyEnvelope: _, ...secrets } = newSlotSecrets(rings);
    const slot = await db.slot.create({
      data: {
        ...secrets,
        rootKeyEnvelope: Uint8Array.from(secrets.rootKeyEnvelope),
        ingressKeyEnvelope: Uint8Array.from(secrets.ingressKeyEnvelope),
        egressKeyHash: Uint8Array.from(secrets.egressKeyHash),
        nodeId: node.nodeId,
        host: node.address,
        port: PORTS.product.first + index,
        image,
        volumeMb,
        memoryMb,
        startedGeneration: 1,
      },
    });
    world.placeSlot(slot.id, node.nodeId);
    await keeper.create(slot.id, volumeMb, { signal: ctx.signal, fencing: 1n });
    const secret = await docker.createSecret({
      Name: rootKeyName(slot.id),
      Labels: ownershipLabels(settings.installId, slot.id),
      Data: Buffer.from(openRootKey(rings, slot).toString("base64url")).toString("base64"),
    });
    const spec = toSlotSpec({ rings, cell: { image } as never }, slot, "starter");
    const service = toServiceSpec(spec, settings, { run: 1, replicas: 0, secretId: secret.id });
    await engine.createService(service, ctx.signal);
    const agentId = await wishAgent(db, await addCustomer(db));
    const asleep = { phase: "asleep", rest: "sleep", reason: "resting", slotId: slot.id } as const;
    await db.agent.update({ where: { id: agentId }, data: asleep });
  };

  const LANES = 4;
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      ctx.signal.throwIfAborted();
      await makeOne();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
