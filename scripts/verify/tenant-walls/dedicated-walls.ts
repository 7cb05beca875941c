import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { command } from "@automna/testkit/docker/command";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, sample, type WallAttempt } from "../steps/walls/attempt.ts";
import { probeDoor, type ControlPlane } from "./control-plane.ts";
import { askManager, identityOf, type ManagerCall, type SwarmIdentity } from "./manager-client.ts";
import { docker } from "../steps/walls/shell.ts";
import type { Place } from "./place.ts";
import { probeFromNamespace } from "./probe.ts";

/** Root on the node of one customer against the Swarm, other slots' secrets and the control plane. */
export async function attackFromDedicatedNode(
  ctx: ScenarioContext,
  place: Place,
  controlPlane: ControlPlane,
): Promise<void> {
  const doors = await doorAttempts(place, controlPlane);
  const all = [...(await managerAttempts(place)), ...engineAttempts(place), ...secretAttempts(place), ...doors];
  await makeAttempts(ctx, sample(ctx, all));
}

/** The manager's own protocol with the node's own certificate; the control has the manager's. */
async function managerAttempts({ installation, neighbour, dedicated }: Place): Promise<WallAttempt[]> {
  const { manager } = installation.cell;
  const { JoinTokens: tokens } = (await manager.engine.docker.swarmInspect()) as { JoinTokens: { Manager: string } };
  const service = `automna-${neighbour.slotId}`;
  const control = (name: string): ManagerCall => ({ method: `docker.swarmkit.v1.Control/${name}` });
  const calls: readonly [string, ManagerCall, string][] = [
    ["reads the tokens with which managers join", control("ListClusters"), tokens.Manager],
    ["lists the Swarm's secrets", control("ListSecrets"), `${service}-root-key`],
    ["lists the Swarm's services", control("ListServices"), service],
    ["lists the Swarm's tasks", control("ListTasks"), neighbour.slotId],
    ["lists the Swarm's nodes", control("ListNodes"), neighbour.node.nodeId],
  ];
  const asked = (identity: SwarmIdentity, call: ManagerCall) => () =>
    askManager(dedicated, manager.address, identity, call);
  return calls.map(([what, call, proof]) => ({
    name: `root on a dedicated node ${what}`,
    guard: "a worker's certificate is no manager's",
    withoutGuard: asked(identityOf(manager), call),
    withGuard: asked(identityOf(dedicated), call),
    proves: (said) => said.includes(proof),
  }));
}

/** Docker itself, on the node's own engine; the control asks the manager's. */
function engineAttempts({ installation, neighbour, dedicated }: Place): WallAttempt[] {
  const { manager } = installation.cell;
  const service = `automna-${neighbour.slotId}`;
  const calls: readonly [string, readonly string[], string][] = [
    ["looks at B's service", ["service", "inspect", service], service],
    ["reads how to join the Swarm", ["swarm", "join-token", "-q", "worker"], "SWMTKN-"],
    ["looks at B's secret", ["secret", "inspect", `${service}-root-key`], `${service}-root-key`],
    [
      "changes its own labels, by which slots are placed",
      ["node", "update", "--label-add", "planted=yes", dedicated.nodeId],
      dedicated.nodeId,
    ],
  ];
  const asked = (node: LabNode, argv: readonly string[]) => () =>
    command([...docker(node), ...argv]).catch(
      (error: Error) => `failed: ${error.message.split(": ").slice(1).join(": ")}`,
    );
  return calls.map(([what, argv, proof]) => ({
    name: `root on a dedicated node ${what} by its own Docker`,
    guard: "a node that carries agents manages nothing",
    withoutGuard: asked(manager, argv),
    withGuard: asked(dedicated, argv),
    proves: (said) => said.includes(proof) && !said.startsWith("failed:"),
  }));
}

/** Other slots' secrets: those that the manager hands to a node, and those that lie there. */
function secretAttempts({ installation, neighbour, dedicated }: Place): WallAttempt[] {
  const { manager } = installation.cell;
  const key = neighbour.rootKey.toString("base64url");
  const handed = (node: LabNode) => () =>
    askManager(dedicated, manager.address, identityOf(node), {
      method: "docker.swarmkit.v1.Dispatcher/Assignments",
      needsSession: true,
    });
  // What is gone while it searches makes it fail, with all that it found.
  const lying = async (node: LabNode) =>
    (
      await promisify(execFile)("grep", ["-rlsF", "--", key, dirname(node.engine.socketPath)]).catch(
        (error: { stdout: string }) => error,
      )
    ).stdout;
  return [
    {
      name: "root on a dedicated node asks the manager for B's key",
      guard: "a node is handed what its own slots need",
      withoutGuard: handed(neighbour.node),
      withGuard: handed(dedicated),
      proves: (said) => said.includes(key),
    },
    {
      name: "root on a dedicated node searches its disk and memory file systems for B's key",
      guard: "nobody else's slot is on a dedicated node",
      withoutGuard: () => lying(neighbour.node),
      withGuard: () => lying(dedicated),
      proves: (said) => said.includes("/"),
    },
  ];
}

/** The platform's services and stores from the private network; the control has their ports published there. */
async function doorAttempts({ dedicated }: Place, controlPlane: ControlPlane): Promise<WallAttempt[]> {
  const probes = controlPlane.doors.map((door) => probeDoor(controlPlane, door));
  const open = await probeFromNamespace(dedicated.namespace, probes);
  await controlPlane.close();
  const closed = await probeFromNamespace(dedicated.namespace, probes);
  return controlPlane.doors.map(({ name, answer }) => ({
    name: `root on a dedicated node reaches ${name}`,
    guard: "its port is published on no private address",
    withoutGuard: async () => open.get(name) ?? "",
    withGuard: async () => closed.get(name) ?? "",
    proves: (said) => said.includes(answer),
  }));
}
