import type { DockerClient } from "./docker-client.ts";

/** What there is, as `kind name` and everything of it that a deploy could change. */
export type SwarmFacts = ReadonlyMap<string, string>;

interface Service {
  ID: string;
  Spec: { Name: string };
  UpdateStatus?: { State?: string };
}

/**
 * Services with their whole spec, their tasks and containers, networks, configs, secrets and volumes, all with their ids. Without
 * Version.Index, which counts writes: Docker's client writes each service at each deploy.
 */
export async function lookAtSwarm(docker: DockerClient): Promise<SwarmFacts> {
  const facts = new Map<string, string>();
  for (const { ID, Spec, UpdateStatus } of await inspectServices(docker)) {
    const tasks = await docker.lines("service", "ps", "--no-trunc", "--format", "{{.ID}} {{.DesiredState}}", ID);
    const state = { ID, Spec, update: UpdateStatus?.State ?? "none", tasks: tasks.toSorted() };
    facts.set(`service ${Spec.Name}`, JSON.stringify(state));
  }
  const isManager = facts.size > 0;
  for (const kind of isManager ? (["network", "config", "secret"] as const) : (["network"] as const))
    for (const line of await docker.lines(kind, "ls", "--format", "{{.Name}} {{.ID}}"))
      facts.set(`${kind} ${line.split(" ")[0]}`, line);
  for (const line of await docker.lines(
    "container",
    "ls",
    "--all",
    "--no-trunc",
    "--format",
    "{{.Names}} {{.ID}} {{.CreatedAt}}",
  ))
    facts.set(`container ${line.split(" ")[0]}`, line);
  for (const name of await docker.lines("volume", "ls", "--format", "{{.Name}}")) facts.set(`volume ${name}`, name);
  return facts;
}

/** None at an engine that manages no Swarm. */
async function inspectServices(docker: DockerClient): Promise<Service[]> {
  const isManager = (await docker.run("info", "--format", "{{.Swarm.ControlAvailable}}")).trim() === "true";
  const ids = isManager ? await docker.lines("service", "ls", "--quiet") : [];
  return ids.length === 0 ? [] : (JSON.parse(await docker.run("service", "inspect", ...ids)) as Service[]);
}

/** Names of what has come, gone, or is another. */
export function findChanges(before: SwarmFacts, after: SwarmFacts): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.filter((name) => before.get(name) !== after.get(name));
}
