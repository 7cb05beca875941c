import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "@automna/testkit/fakes/anthropic";
import { startProduct, type Product } from "@automna/testkit/product";
import type { ScenarioContext } from "../harness/scenario.ts";

export interface VerifiedInstallation {
  product: Product;
  fake: FakeAnthropic;
  /** A customer's key that the stand-in for the model provider accepts; nobody else knows it. */
  key: string;
}

export interface InstallationOptions {
  /** Pause between two words of an answer, ms. */
  chunkMs?: number;
  port?: number;
  /** More of the command line of `up`. */
  args?: readonly string[];
}

/** Starts the whole product in a folder of this run, with a stand-in for the model provider. Stopped at the end. */
export async function startInstallation(
  ctx: ScenarioContext,
  { chunkMs = 15, ...start }: InstallationOptions = {},
): Promise<VerifiedInstallation> {
  const key = newAnthropicKey();
  const fake = await startFakeAnthropic({ keys: { [key]: "good" }, chunkMs });
  ctx.onCleanup("close the model provider's stand-in", () => fake.close());
  if (!fake.contract.isChecked) ctx.log("contract: not checked (the vendor's description is not on this machine)");
  const dataDir = await ctx.folder();
  ctx.log(`starting the product in ${dataDir}`);
  const product = await startProduct({
    ...start,
    dataDir,
    env: { AUTOMNA_MODEL_PROVIDER_URL: fake.url },
    signal: ctx.signal,
    onLine: (line) => line.trim() !== "" && ctx.log(`  up: ${line.trim()}`),
  });
  ctx.onCleanup("stop the product", () => product.stop());
  return { product, fake, key };
}
