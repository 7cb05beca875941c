import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "../cache-dir.mjs";
import { withFileLock } from "./file-lock.ts";
import { startImageBuilder, type ImageBuild, type ImageBuilder } from "./image-builder.ts";

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
  /** The platform's own services. */
  api: ofService("api"),
  proxy: ofService("proxy"),
  provisioner: ofService("provisioner"),
  dashboard: ofService("dashboard"),
  socketProxy: ofService("socket-proxy"),
} satisfies Record<string, TestImage>;
export type TestImageName = keyof typeof testImages;

interface TestImage extends ImageBuild {
  needs?: readonly ImageBuild[];
}

function ofService(target: string): TestImage {
  return { tag: `automna/${target}:test`, context: ROOT, target };
}

/** Builds images unless nothing changed since the last time. Answers the tar of all of them that `loadImage` takes. */
export function buildTestImages(names: readonly TestImageName[]): Promise<string> {
  return withImageBuilder(async (builder) => {
    for (const name of names) await buildWithNeeds(builder, name);
    return builder.save(names.map((name) => testImages[name].tag));
  });
}

/** The same for one image. */
export function buildTestImage(name: TestImageName): Promise<string> {
  return buildTestImages([name]);
}

/** Builds an image and those that its Dockerfile begins with. */
export async function buildWithNeeds(builder: ImageBuilder, name: TestImageName): Promise<void> {
  const image: TestImage = testImages[name];
  for (const each of [...(image.needs ?? []), image]) await builder.build(each);
}

/** Lends the machine's one builder, which is gone afterwards; its layers stay. */
export function withImageBuilder<Answer>(use: (builder: ImageBuilder) => Promise<Answer>): Promise<Answer> {
  return withFileLock(join(cacheDir(), "image-builder.lock"), async () => {
    const builder = await startImageBuilder();
    try {
      return await use(builder);
    } finally {
      await builder.remove();
    }
  });
}
