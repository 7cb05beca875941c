import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "../cache-dir.mjs";
import { withFileLock } from "./file-lock.ts";
import { startImageBuilder, type ImageBuild } from "./image-builder.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const AGENT_DOCKERFILE = join(ROOT, "agent/Dockerfile");

/** Images that tests and scenarios run, all from production's Dockerfiles. */
export const testImages = {
  /** The agent image of production: agentd and the pinned OpenClaw. */
  agent: { tag: "automna/agent:test", context: ROOT, dockerfile: AGENT_DOCKERFILE },
  nodekeeper: { tag: "automna/nodekeeper:test", context: ROOT, dockerfile: join(ROOT, "nodekeeper/Dockerfile") },
  /** The real agentd with a gateway that boots at once. */
  tinyAgent: {
    tag: "automna/tiny-agent:test",
    context: ROOT,
    dockerfile: join(ROOT, "packages/testkit/src/docker/tiny-agent.Dockerfile"),
    needs: [{ tag: "automna/agentd:test", context: ROOT, dockerfile: AGENT_DOCKERFILE, target: "agentd" }],
  },
} satisfies Record<string, ImageBuild & { needs?: readonly ImageBuild[] }>;
export type TestImageName = keyof typeof testImages;

/** Builds an image unless nothing changed since the last time. Answers the tar that `loadImage` takes. */
export function buildTestImage(name: TestImageName): Promise<string> {
  const image: ImageBuild & { needs?: readonly ImageBuild[] } = testImages[name];
  return withFileLock(join(cacheDir(), "image-builder.lock"), async () => {
    const builder = await startImageBuilder();
    try {
      for (const each of [...(image.needs ?? []), image]) await builder.build(each);
      return await builder.save(image.tag);
    } finally {
      await builder.remove();
    }
  });
}
