import type { ScenarioContext } from "../harness/scenario.ts";
import type { DockerClient } from "./docker-client.ts";

const UP_TIMEOUT_MS = 420_000;

interface Task {
  id: string;
  service: string;
  state: string;
  error: string;
}

/** Tasks that a service's last word asked for: of each slot of it the newest. */
export async function listTasks(docker: DockerClient): Promise<Task[]> {
  const services = await docker.lines("service", "ls", "--format", "{{.Name}}");
  const tasks: Task[] = [];
  for (const service of services) {
    const format = "{{.ID}}\t{{.CurrentState}}\t{{.Error}}\t{{.DesiredState}}";
    const lines = await docker.lines("service", "ps", "--no-trunc", "--format", format, service);
    const current = lines.map((line) => line.split("\t")).filter(([, , , desired]) => desired !== "Shutdown");
    for (const [id = "", state = "", error = ""] of current)
      tasks.push({ id, service, state: state.split(" ")[0] ?? "", error });
    // Of what is through and not to be started again the engine wants no more: the newest is its last word.
    const [id = "", state = "None", error = ""] = lines[0]?.split("\t") ?? [];
    if (current.length === 0) tasks.push({ id, service, state: state.split(" ")[0] ?? "", error });
  }
  return tasks;
}

/** Waits until every service of a stack is healthy. */
export async function untilUp(ctx: ScenarioContext, docker: DockerClient, stack: string): Promise<void> {
  let last: string | null = null;
  await ctx.eventually(
    `every service of ${stack} is healthy`,
    async () => {
      const missing = whatIsMissing(await listTasks(docker), `${stack}_`);
      if (missing !== null && missing !== last) ctx.log(`  ${(last = missing)}`);
      return missing === null ? true : null;
    },
    { timeoutMs: UP_TIMEOUT_MS, everyMs: 1_000 },
  );
}

/** What still keeps a stack from being up, or null. The one-shot counts as up when it is through. */
function whatIsMissing(tasks: readonly Task[], prefix: string): string | null {
  const own = tasks.filter(({ service }) => service.startsWith(prefix));
  const missing = own.filter(({ service, state }) => state !== (service.endsWith("_migrate") ? "Complete" : "Running"));
  if (own.length === 0) return "nothing there yet";
  return missing.length === 0
    ? null
    : missing.map(({ service, state, error }) => `${service} ${state} ${error}`).join("; ");
}
