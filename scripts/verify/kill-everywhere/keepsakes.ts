import { setTimeout as sleep } from "node:timers/promises";
import { command } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { World } from "./world.ts";

const FOLDER = "/data/state/keepsakes";
/** A node whose engine is being restarted answers again within this. */
const PATIENCE_MS = 60_000;

/** Writes a nonce into the agent's volume, from inside; it may be killed and moved as often as it likes. */
export async function leaveKeepsake(
  ctx: ScenarioContext,
  world: World,
  { agentId, name, content }: { agentId: string; name: string; content: string },
): Promise<void> {
  await inside(ctx, world, agentId, `mkdir -p ${FOLDER} && printf %s ${content} > ${FOLDER}/${name}`);
}

/** Every keepsake in the agent's volume by its name. */
export async function readKeepsakes(
  ctx: ScenarioContext,
  world: World,
  agentId: string,
): Promise<ReadonlyMap<string, string>> {
  const printed = await inside(ctx, world, agentId, `cd ${FOLDER} && for f in *; do echo "$f $(cat $f)"; done`);
  const lines = printed.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

/** Runs a line of shell in the agent's one container, as the user that its own shell has. */
async function inside(ctx: ScenarioContext, world: World, agentId: string, line: string): Promise<string> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(500, undefined, { signal: ctx.signal })) {
    try {
      const { slot } = await world.db.admin.agent.findUniqueOrThrow({
        where: { id: agentId },
        include: { slot: true },
      });
      const node = world.cell.agentNodes.find(({ nodeId }) => nodeId === slot?.nodeId);
      if (node === undefined || slot === null) throw new Error(`${agentId} has no place`);
      const filters = { label: [`automna.slot=${slot.id}`], status: ["running"] };
      const [container] = await node.engine.docker.listContainers({ filters });
      if (container === undefined) throw new Error(`nothing of ${agentId} runs`);
      const host = `--host=unix://${node.engine.socketPath}`;
      return await command(["docker", host, "exec", "--user=10002", container.Id, "sh", "-c", line]);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
