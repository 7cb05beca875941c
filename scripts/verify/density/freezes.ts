import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { SwarmInstallation } from "../steps/swarm-cell.ts";

/** Counts from now on how often the node's engine freezes each slot: what the engine says happened, not what was wished. */
export async function countFreezes(
  ctx: ScenarioContext,
  { cell }: SwarmInstallation,
): Promise<(slotId: string) => number> {
  const [node] = cell.agentNodes;
  if (node === undefined) throw new Error("the cell has no node");
  const filters = JSON.stringify({ type: ["container"], event: ["pause"] });
  const events = (await node.engine.docker.getEvents({ filters })) as Readable;
  ctx.onCleanup("stop counting", () => events.destroy());
  const counts = new Map<string, number>();
  const lines = createInterface({ input: events });
  lines.on("line", (line) => {
    const { Actor: actor } = JSON.parse(line) as { Actor?: { Attributes?: Record<string, string> } };
    const slotId = actor?.Attributes?.["automna.slot"] ?? "";
    counts.set(slotId, (counts.get(slotId) ?? 0) + 1);
  });
  // The engine goes before the count does, at the end.
  events.on("error", () => lines.close());
  return (slotId) => counts.get(slotId) ?? 0;
}
