import { buildWithNeeds, testImages, withImageBuilder } from "@automna/testkit/docker/images";
import { buildStandIns, listForeignImages, listOwnImages } from "../../stack/stand-ins/images.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { readCommands } from "./documents.ts";
import type { Operator } from "./operator.ts";

export interface StackImages {
  /** Tar for the node of the control plane. */
  control: string;
  /** Tar for nodes that carry agents. */
  agents: string;
  /** Name of the agents' image. */
  agent: string;
}

export const IMAGES = "automna";
export const VERSION = "test";

/**
 * Builds what the document says, with its own commands: every image from its production Dockerfile. A quick run takes the small agent
 * image, whose agentd is from production's Dockerfile too, instead of the one with OpenClaw.
 */
export async function buildImages(ctx: ScenarioContext, operator: Operator): Promise<StackImages> {
  const startedAt = Date.now();
  const said = readCommands("compose/README.md", "Images");
  const isAgent = (line: string) => line.includes("agent/Dockerfile");
  const commands = ctx.isQuick ? said.filter((line) => !isAgent(line)) : said;
  const agent = ctx.isQuick ? testImages.tinyAgent.tag : testImages.agent.tag;
  ctx.must(said.filter(isAgent).length === 1, "the document builds the agent's image from its Dockerfile", said);

  const own = listOwnImages();
  const isNodekeeper = (image: string) => image.includes("/nodekeeper:");
  const tars = await withImageBuilder(async (builder) => {
    await operator.runInPlace(
      builder.socketPath,
      `AUTOMNA_IMAGES=${IMAGES} AUTOMNA_VERSION=${VERSION}`,
      // The builder has no network of its own.
      ...commands.map((line) => line.replaceAll("docker build ", "docker build --quiet --network=host ")),
    );
    if (ctx.isQuick) await buildWithNeeds(builder, "tinyAgent");
    await buildStandIns(builder);
    return {
      control: await builder.save([...own.filter((image) => !isNodekeeper(image)), ...listForeignImages()]),
      agents: await builder.save([...own.filter(isNodekeeper), agent]),
    };
  });
  ctx.figure("every image built, or found unchanged", (Date.now() - startedAt) / 1000, "s");
  ctx.log(`  ours: ${[...own, agent].join(", ")}`);
  ctx.log(`  stand-ins: ${listForeignImages().join(", ")}`);
  return { ...tars, agent };
}
