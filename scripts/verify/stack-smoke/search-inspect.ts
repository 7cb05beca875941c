import type { ScenarioContext } from "../harness/scenario.ts";
import { plantCanaries } from "./canaries.ts";
import type { DockerClient } from "./docker-client.ts";
import { inspectEverything, kindsOf } from "./inspect-everything.ts";
import { findNeedles, toNeedle, type Needle } from "./needles.ts";

export interface SearchedEngine {
  name: string;
  docker: DockerClient;
  isManager: boolean;
  /** An image that it has. */
  image: string;
}

/** A secret put everywhere has to be found everywhere; without it nothing is found anywhere, on any engine. */
export async function searchForSecrets(
  ctx: ScenarioContext,
  engines: readonly SearchedEngine[],
  needles: readonly Needle[],
): Promise<void> {
  const secret = ctx.random.hex(24);
  const all = [...needles, toNeedle("canary", secret)];
  for (const { name, docker, isManager, image } of engines) {
    const kinds = kindsOf(isManager);
    const canaries = await plantCanaries(ctx, docker, { kinds, secret, image });
    const found = findNeedles(await inspectEverything(docker, isManager), all);
    const missed = kinds.filter((kind) => !found.includes(`${kind}: canary`));
    ctx.hold(missed.length === 0, `${name}: a secret in ${kinds.join(", ")} would be seen`, { missed });
    await canaries.remove();
    const seen = await inspectEverything(docker, isManager);
    const left = findNeedles(seen, all);
    ctx.hold(left.length === 0, `${name}: docker inspect shows none of ${needles.length} secrets anywhere`, left);
    const size = [...seen.values()].reduce((sum, text) => sum + text.length, 0);
    ctx.figure(`${name}: kB of docker inspect read`, size / 1_000, "kB");
  }
}
