import { setTimeout as sleep } from "node:timers/promises";
import type { ScenarioContext } from "../harness/scenario.ts";
import { STACKS, type Deployment } from "./deploy.ts";
import type { DockerClient } from "./docker-client.ts";
import { untilUp } from "./tasks.ts";

const NEXT = "next";
/** A service whose next image ends at once. */
const BROKEN = { service: "automna_dashboard", image: "automna/dashboard" } as const;
/** Two containers each, one after the other, with a minute of looking whether it lasts. */
const UPGRADE_TIMEOUT_MS = 360_000;
const ASK_EVERY_MS = 200;
const ANSWER_TIMEOUT_MS = 5_000;

interface Updated {
  Spec: { Name: string; TaskTemplate: { ContainerSpec: { Image: string } } };
  UpdateStatus?: { State?: string };
}

/** To another version, one image of which is broken: that one is taken back by itself, the others go over, and visitors notice nothing. */
export async function upgrade(
  ctx: ScenarioContext,
  engines: readonly [manager: DockerClient, ...others: DockerClient[]],
  { deploy, fillIn, origin }: Deployment & { origin: string },
): Promise<void> {
  const [docker] = engines;
  for (const engine of engines) await tagAll(engine);
  await docker.run("container", "create", "--name=broken", `${BROKEN.image}:test`);
  await docker.run("container", "commit", '--change=CMD ["false"]', "broken", `${BROKEN.image}:${NEXT}`);
  await docker.run("container", "rm", "broken");

  const visitors = watchVisitors(ctx, [`${origin}/api/health`, origin]);
  const startedAt = Date.now();
  fillIn({ AUTOMNA_VERSION: NEXT });
  for (const stack of STACKS) {
    await deploy(stack);
    if (stack === "automna-data") await untilUp(ctx, docker, stack);
  }
  let waitingFor = "";
  const isThrough = async () => {
    // The one-shot that brings the database to the version is through by then, and no update of what goes on.
    const all = await inspectOwn(docker);
    const own = all.filter(({ name, image }) => image.startsWith("automna/") && !name.endsWith("_migrate"));
    const missing = own.filter(
      ({ name, state }) => state !== (name === BROKEN.service ? "rollback_completed" : "completed"),
    );
    const line = missing.map(({ name, state }) => `${name} ${state}`).join(", ");
    if (line !== waitingFor) ctx.log(`  ${(waitingFor = line)}`);
    return missing.length === 0 ? own : null;
  };
  const services = await ctx.eventually("an upgrade comes to its end, and its broken image is taken back", isThrough, {
    timeoutMs: UPGRADE_TIMEOUT_MS,
    everyMs: 1_000,
  });
  ctx.figure("upgrade of all services", (Date.now() - startedAt) / 1000, "s");
  const wrong = services.filter(({ name, image }) => image.endsWith(`:${NEXT}`) === (name === BROKEN.service));
  ctx.hold(wrong.length === 0, "every other service runs the next version, that one the last", wrong);
  for (const stack of STACKS) await untilUp(ctx, docker, stack);
  const { asked, failed } = await visitors.stop();
  ctx.hold(failed.length === 0, `of ${asked} visits meanwhile none failed`, failed.slice(0, 10));
}

async function tagAll(docker: DockerClient): Promise<void> {
  const images = await docker.lines("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
  for (const image of images.filter((each) => /^automna\/[\w-]+:test$/.test(each)))
    await docker.run("image", "tag", image, image.replace(/:test$/, `:${NEXT}`));
}

async function inspectOwn(docker: DockerClient) {
  const ids = await docker.lines("service", "ls", "--quiet", "--filter", "label=com.docker.stack.namespace");
  const services = JSON.parse(await docker.run("service", "inspect", ...ids)) as Updated[];
  return services.map(({ Spec, UpdateStatus }) => ({
    name: Spec.Name,
    image: Spec.TaskTemplate.ContainerSpec.Image,
    state: UpdateStatus?.State ?? "none",
  }));
}

/** Asks these addresses again and again. */
function watchVisitors(ctx: ScenarioContext, urls: readonly string[]) {
  const stopped = new AbortController();
  const failed: string[] = [];
  let asked = 0;
  const ask = async (url: string) => {
    asked += 1;
    const at = new Date().toISOString().slice(14, 22);
    await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), headers: { connection: "close" } }).then(
      ({ status }) => status !== 200 && failed.push(`${at} ${url}: ${status}`),
      (error: Error) =>
        failed.push(`${at} ${url}: ${error.cause instanceof Error ? error.cause.message : error.message}`),
    );
  };
  const asking = (async () => {
    while (!stopped.signal.aborted && !ctx.signal.aborted) {
      await Promise.all(urls.map(ask));
      await sleep(ASK_EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await asking;
      return { asked, failed };
    },
  };
}
