import { setTimeout as sleep } from "node:timers/promises";
import { command } from "@automna/testkit/docker/command";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";

/** Where a script runs: a slot's container, or a copy of it. */
export interface Shell {
  node: LabNode;
  containerId: string;
}

/** The client of a node's engine. */
export function docker(node: LabNode): [string, ...string[]] {
  return ["docker", `--host=unix://${node.engine.socketPath}`];
}

export interface Script {
  /** 10002: the agent's own. 0: somebody who became root in the container. 10001: agentd. */
  user: 0 | 10_001 | 10_002;
  script: string;
}

const END = "--the-script-has-ended--";
const TIMEOUT_MS = 120_000;
const GONE_TIMEOUT_MS = 5_000;
/** What is heard of a script that ended the container it ran in. */
export const CONTAINER_ENDED = "the container has ended";

/** Runs a script to its end, whatever comes of it. Rejects when it could not run at all, which would prove nothing. */
export async function execIn(shell: Shell, { user, script }: Script): Promise<{ said: string }> {
  const { node, containerId } = shell;
  const wrapped = `{ ${script}\n} 2>&1; echo; echo ${END}`;
  const argv = ["exec", `--user=${user}`, containerId, "sh", "-c", wrapped];
  const ran = await command([...docker(node), ...argv], { timeout: TIMEOUT_MS }).catch((error: Error) => error);
  if (typeof ran === "string" && ran.includes(END)) return { said: ran.slice(0, ran.lastIndexOf(END)) };
  if (await hasEnded(shell)) return { said: CONTAINER_ENDED };
  throw new Error("a script did not end", { cause: ran });
}

async function hasEnded({ node, containerId }: Shell): Promise<boolean> {
  const container = node.engine.docker.getContainer(containerId);
  for (const deadline = Date.now() + GONE_TIMEOUT_MS; Date.now() < deadline; await sleep(100)) {
    if (!(await container.inspect()).State.Running) return true;
  }
  return false;
}
