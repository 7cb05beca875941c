import { LAB_AGENTS } from "@automna/testkit/docker/lab-nodekeeper";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import { commandIfPossible } from "@automna/testkit/docker/command";
import type { ScenarioContext } from "../harness/scenario.ts";
import { inNode, type Place } from "./place.ts";

const TABLE = ["inet", "automna_guard"];
/** Docker's own rule between containers of one bridge (`enable_icc`) stands behind this one. */
const BETWEEN_AGENTS = ["FORWARD", "-i", LAB_AGENTS.bridge, "-o", LAB_AGENTS.bridge, "-j", "ACCEPT"];
/** Longer than any run: nodekeeper puts back what it misses. */
const NEVER_MS = "86400000";

/** The node guard of one node, which nodekeeper keeps. */
export async function takeGuardAway({ installation }: Place, node: LabNode): Promise<void> {
  const keeper = installation.cell.keepers.get(node.nodeId);
  await keeper?.kill();
  await keeper?.start({ NODEKEEPER_GUARD_CHECK_MS: NEVER_MS });
  await inNode(node, "nft", "delete", "table", ...TABLE);
}

/** By starting nodekeeper again, as it is in production. */
export async function putGuardBack(ctx: ScenarioContext, { installation }: Place, node: LabNode): Promise<void> {
  const keeper = installation.cell.keepers.get(node.nodeId);
  await keeper?.kill();
  await keeper?.start();
  const rules = await inNode(node, "nft", "list", "table", ...TABLE);
  ctx.must(rules.includes("chain from_agents"), `${node.name} has its guard`);
}

/** What Docker does between agents beside the guard. */
export async function letAgentsTalk(node: LabNode): Promise<() => Promise<void>> {
  await inNode(node, "iptables", "-I", ...BETWEEN_AGENTS);
  return () =>
    commandIfPossible(["nsenter", `--net=/var/run/netns/${node.namespace}`, "iptables", "-D", ...BETWEEN_AGENTS]);
}
