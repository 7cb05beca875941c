import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { STACKS, type Deployment } from "./deploy.ts";
import type { DockerClient } from "./docker-client.ts";
import { findChanges, lookAtSwarm, type SwarmFacts } from "./look-at-swarm.ts";

/** As long as Swarm takes to begin with what it thinks has changed. */
const SETTLE_MS = 5_000;

/** The same once more changes nothing; one other value changes the one service that reads it, which shows that it would be seen. */
export async function deployAgain(
  ctx: ScenarioContext,
  engines: readonly DockerClient[],
  { deploy, fillIn }: Deployment,
): Promise<void> {
  const [manager] = engines;
  if (manager === undefined) return;
  const look = async (): Promise<SwarmFacts[]> => Promise.all(engines.map(lookAtSwarm));
  const changesSince = async (before: readonly SwarmFacts[]) =>
    (await look()).flatMap((facts, index) => findChanges(before[index] ?? new Map(), facts));

  const before = await look();
  const versions = await listVersions(manager);
  for (const stack of STACKS) await deploy(stack);
  await sleep(SETTLE_MS, undefined, { signal: ctx.signal });
  const changes = await changesSince(before);
  const count = before.reduce((sum, facts) => sum + facts.size, 0);
  ctx.hold(
    changes.length === 0,
    `deploying the same again changes none of ${count} services, tasks, containers, networks, configs, secrets and volumes`,
    changes,
  );

  // Docker's client writes each service at each deploy, and Swarm counts it, also when it is the same again.
  const written = (await listVersions(manager)).filter((each) => !versions.includes(each));
  ctx.figure("services that Swarm counted as written although nothing changed", written.length, "");

  fillIn({ MAIL_FROM: "Automna <changed@automna.example>" });
  await deploy("automna");
  const seen = await ctx.eventually("one changed value is noticed", async () => {
    const found = await changesSince(before);
    return found.some((name) => name.startsWith("container automna_api.")) ? found : null;
  });
  const services = seen.filter((name) => name.startsWith("service "));
  ctx.hold(services.join() === "service automna_api", "and is of the one service that reads it", seen);
}

/** Version.Index of each service of a stack. */
async function listVersions(docker: DockerClient): Promise<string[]> {
  const ids = await docker.lines("service", "ls", "--quiet", "--filter", "label=com.docker.stack.namespace");
  return docker.lines("service", "inspect", "--format", "{{.Spec.Name}} {{.Version.Index}}", ...ids);
}
