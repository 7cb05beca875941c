import type { ScenarioContext } from "../harness/scenario.ts";
import type { DockerClient } from "./docker-client.ts";
import { toBytesNeedle, type Needle } from "./needles.ts";

/** The root key of the one agent, as agentd reads it in its container. */
export async function readSlotSecret(ctx: ScenarioContext, worker: DockerClient): Promise<Needle> {
  const [container = "", ...others] = await worker.lines("container", "ls", "--quiet", "--filter=label=automna.slot");
  ctx.must(container !== "" && others.length === 0, "the agent is one container on the agents' node");
  const printed = await worker.run("exec", "--user=10001", container, "base64", "/run/secrets/slot-root-key");
  const key = Buffer.from(printed.replaceAll(/\s/g, ""), "base64");
  ctx.must(key.length >= 32, "whose root key agentd alone can read", key.length);
  return toBytesNeedle("slot-root-key", key);
}
