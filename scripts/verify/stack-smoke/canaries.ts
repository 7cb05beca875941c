import type { ScenarioContext } from "../harness/scenario.ts";
import type { DockerClient } from "./docker-client.ts";
import type { InspectedKind } from "./inspect-everything.ts";

/** Where a secret would be seen if somebody had put it there; its name there is CANARY. */
export interface Canaries {
  remove: () => Promise<void>;
}

const NAME = "canary";

/** Puts a secret where `docker inspect` shows it, in every kind of thing that this engine has. `image` runs, whatever it does. */
export async function plantCanaries(
  ctx: ScenarioContext,
  docker: DockerClient,
  { kinds, secret, image }: { kinds: readonly InspectedKind[]; secret: string; image: string },
): Promise<Canaries> {
  const label = `--label=canary=${secret}`;
  const nodeId = (await docker.run("info", "--format", "{{.Swarm.NodeID}}")).trim();
  await docker.run("container", "create", "--quiet", `--name=${NAME}`, `--env=CANARY=${secret}`, image);
  await docker.run("container", "commit", `--change=ENV CANARY=${secret}`, NAME, `${NAME}:test`);
  await docker.run("network", "create", label, NAME);
  await docker.run("volume", "create", label, NAME);
  if (kinds.includes("service")) {
    await docker.withInput(secret, "config", "create", NAME, "-");
    await docker.withInput("nothing", "secret", "create", label, NAME, "-");
    await docker.run("node", "update", `--label-add=canary=${secret}`, nodeId);
    const options = ["--detach", "--quiet", `--name=${NAME}`, "--endpoint-mode=dnsrr", "--replicas=1"];
    await docker.run(
      "service",
      "create",
      ...options,
      `--env=CANARY=${secret}`,
      `--constraint=node.id==${nodeId}`,
      image,
    );
    // Its task is a thing of its own, which comes a moment later.
    await ctx.eventually("the canary has a task", async () =>
      (await docker.lines("service", "ps", "--quiet", NAME)).length > 0 ? true : null,
    );
  }
  return {
    async remove() {
      if (kinds.includes("service")) {
        await docker.run("service", "rm", NAME);
        await docker.run("node", "update", "--label-rm=canary", nodeId);
        await docker.run("secret", "rm", NAME);
        await docker.run("config", "rm", NAME);
        await ctx.eventually("the canary's service has gone", async () =>
          (await docker.lines("container", "ls", "--all", "--quiet", `--filter=name=${NAME}.`)).length === 0
            ? true
            : null,
        );
      }
      await docker.run("container", "rm", "--force", NAME);
      await docker.run("image", "rm", "--force", `${NAME}:test`);
      await docker.run("network", "rm", NAME);
      await docker.run("volume", "rm", NAME);
    },
  };
}
