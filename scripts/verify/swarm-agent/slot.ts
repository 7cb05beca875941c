import { command } from "@automna/testkit/docker/command";
import type { LabCell } from "@automna/testkit/docker/lab-cell";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ScenarioContext } from "../harness/scenario.ts";
import { queryDatabase } from "../steps/database.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";

/** Where the agent's slot is, by the platform's record and by the engines themselves. */
export interface SlotOnNode {
  slotId: string;
  node: LabNode;
  containerId: string;
}

interface SlotRow {
  id: string;
  node_id: string;
}

/** The agent's present slot, and the one container of it. */
export async function findRunningSlot(ctx: ScenarioContext, installation: SwarmInstallation): Promise<SlotOnNode> {
  const [row, ...others] = await queryDatabase<SlotRow>(
    installation.product,
    "SELECT s.id, s.node_id FROM agents a JOIN slots s ON s.id = a.slot_id WHERE a.phase <> 'deleted'",
  );
  ctx.must(row !== undefined && others.length === 0, "the agent has one slot");
  const containers = await listContainers(installation.cell, row.id);
  const running = containers.filter(({ isRunning }) => isRunning);
  const [container] = running;
  ctx.must(
    container !== undefined && running.length === 1,
    "one container of it runs, on all nodes together",
    containers,
  );
  ctx.hold(container.node.nodeId === row.node_id, "on the node that its record names");
  return { slotId: row.id, node: container.node, containerId: container.id };
}

export async function listContainers(cell: LabCell, slotId: string) {
  const found = await Promise.all(
    cell.agentNodes.map(async (node) => {
      const filters = { label: [`automna.slot=${slotId}`] };
      const containers = await node.engine.docker.listContainers({ all: true, filters });
      return containers.map(({ Id: id, State: state }) => ({
        id,
        node,
        isRunning: state !== "exited" && state !== "created",
      }));
    }),
  );
  return found.flat();
}

/** Runs a program in the slot as the user that an agent's own shell has. Rejects with what it said when it fails. */
export function inside({ node, containerId }: SlotOnNode, ...argv: string[]): Promise<string> {
  return command(["docker", `--host=unix://${node.engine.socketPath}`, "exec", "--user=10002", containerId, ...argv]);
}
