import type { ScenarioContext } from "../harness/scenario.ts";
import { queryDatabase } from "../steps/database.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";

/** Nothing of any slot is left: in the Swarm, on the nodes' engines and disks, in the records. */
export async function assertNothingLeft(ctx: ScenarioContext, { cell, product }: SwarmInstallation): Promise<void> {
  const { docker } = cell.manager.engine;
  const services = await docker.listServices();
  const secrets = await docker.listSecrets();
  ctx.hold(services.length === 0 && secrets.length === 0, "no service and no secret is left", [
    ...services,
    ...secrets,
  ]);
  for (const node of cell.agentNodes) {
    const containers = await node.engine.docker.listContainers({ all: true });
    const { Volumes: volumes } = await node.engine.docker.listVolumes();
    ctx.hold(containers.length === 0 && volumes.length === 0, `${node.name} has no container and no volume`, [
      containers.map(({ Names: names }) => names),
      volumes.map(({ Name: name }) => name),
    ]);
    const left = (await cell.keepers.get(node.nodeId)?.call({ path: "/v1/slots" }))?.json();
    ctx.hold(Array.isArray(left) && left.length === 0, `and its nodekeeper keeps nothing of a slot`, left);
  }
  const live = await queryDatabase(product, "SELECT id FROM slots WHERE released_at IS NULL");
  ctx.hold(live.length === 0, "every slot's record is given back", live);
}
