import { setTimeout as sleep } from "node:timers/promises";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import type { ScenarioContext } from "../harness/scenario.ts";
import type { WallAttempt } from "../steps/walls/attempt.ts";
import { askManager, identityOf } from "./manager-client.ts";
import type { Place } from "./place.ts";

/** Fields of swarmkit's UpdateTaskStatusRequest and below (api/dispatcher.proto, api/types.proto). */
const FIELDS = { updates: 3, taskId: 1, status: 2, message: 3 } as const;
/** A status whose state is RUNNING, which is true: the control does no harm. */
const RUNNING = Buffer.from([0x10, 0x80, 0x04]);
const HEARD_WITHIN_MS = 2_000;

interface TaskFacts {
  ID: string;
  Status: { State: string; Message: string };
}

/**
 * What a node says of its tasks is what the platform believes of its agents. Tried on a task of nobody's beside B: what the control reports of
 * it is believed.
 */
export async function taskAttempt(
  ctx: ScenarioContext,
  { installation, neighbour, dedicated }: Place,
): Promise<WallAttempt> {
  const { manager } = installation.cell;
  const { docker: engine } = manager.engine;
  const service = await engine.createService({
    Name: "bystander",
    TaskTemplate: {
      ContainerSpec: { Image: installation.image, Command: ["sleep", "600"] },
      Placement: { Constraints: [`node.id==${neighbour.node.nodeId}`] },
      RestartPolicy: { Condition: "none" },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: "dnsrr" },
  });
  ctx.onCleanup("remove a bystander", () => service.remove());
  const task = await ctx.eventually("somebody else's task runs beside B", async () => {
    const tasks = (await engine.listTasks({ filters: { service: ["bystander"] } })) as TaskFacts[];
    return tasks.find(({ Status: status }) => status.State === "running") ?? null;
  });
  const reportAs = (node: LabNode) => async () => {
    const nonce = ctx.random.hex(32);
    const status = Buffer.concat([RUNNING, field(FIELDS.message, nonce)]);
    const update = Buffer.concat([field(FIELDS.taskId, task.ID), field(FIELDS.status, status)]);
    const answer = await askManager(dedicated, manager.address, identityOf(node), {
      method: "docker.swarmkit.v1.Dispatcher/UpdateTaskStatus",
      message: field(FIELDS.updates, update).toString("hex"),
      needsSession: true,
    });
    for (const deadline = Date.now() + HEARD_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
      const { Status: known } = (await engine.getTask(task.ID).inspect()) as TaskFacts;
      if (known.Message === nonce) return `the manager believes it: ${answer}`;
    }
    return `the manager does not believe it: ${answer}`;
  };
  return {
    name: "root on a dedicated node reports how another node's task is",
    guard: "a node speaks for its own tasks",
    withoutGuard: reportAs(neighbour.node),
    withGuard: reportAs(dedicated),
    proves: (said) => said.startsWith("the manager believes"),
  };
}

/** Text, or a message within. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length > 127) throw new RangeError("a longer length takes more than a byte");
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}
