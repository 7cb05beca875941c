import type { LabNode } from "@automna/testkit/docker/swarm-lab";

/** The client of a node's engine. */
export function docker(node: LabNode): [string, ...string[]] {
  return ["docker", `--host=unix://${node.engine.socketPath}`];
}
