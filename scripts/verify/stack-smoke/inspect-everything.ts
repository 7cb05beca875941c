import type { DockerClient } from "./docker-client.ts";

/** What an engine can be asked about. Only a manager knows what the Swarm has. */
const swarmKinds = ["service", "task", "config", "secret", "node"] as const;
const engineKinds = ["container", "network", "volume", "image"] as const;
export type InspectedKind = (typeof swarmKinds)[number] | (typeof engineKinds)[number];

export function kindsOf(isManager: boolean): readonly InspectedKind[] {
  return isManager ? [...swarmKinds, ...engineKinds] : engineKinds;
}

/** All that `docker inspect` shows at one engine, by kind. */
export async function inspectEverything(docker: DockerClient, isManager: boolean): Promise<Map<InspectedKind, string>> {
  const seen = new Map<InspectedKind, string>();
  for (const kind of kindsOf(isManager)) seen.set(kind, await inspectAll(docker, kind, await listIds(docker, kind)));
  return seen;
}

async function inspectAll(docker: DockerClient, kind: InspectedKind, ids: readonly string[]): Promise<string> {
  if (ids.length === 0) return "";
  const inspect = (...some: string[]) =>
    kind === "task" ? docker.run("inspect", "--type=task", ...some) : docker.run(kind, "inspect", ...some);
  const text = await inspect(...ids).catch(async () => {
    // One of them has gone meanwhile: it must not hide the others.
    const texts = await Promise.all(ids.map((id) => inspect(id).catch(() => "")));
    return texts.join("\n");
  });
  return text + decodeData(text);
}

async function listIds(docker: DockerClient, kind: InspectedKind): Promise<string[]> {
  if (kind !== "task") {
    const all = kind === "container" || kind === "image" ? ["--all"] : [];
    return [...new Set(await docker.lines(kind, "ls", "--quiet", ...all))];
  }
  const services = await docker.lines("service", "ls", "--quiet");
  const tasks = services.map((id) => docker.lines("service", "ps", "--quiet", "--no-trunc", id).catch(() => []));
  return (await Promise.all(tasks)).flat();
}

/** Configs show their content as base64. */
function decodeData(text: string): string {
  const found = [...text.matchAll(/"Data": "([A-Za-z0-9+/=]+)"/g)];
  return found.map(([, data = ""]) => `\n${Buffer.from(data, "base64").toString("utf8")}`).join("");
}
