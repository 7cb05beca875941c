import type { ScenarioContext } from "../harness/scenario.ts";
import { alternate, type Judged } from "./alternate.ts";
import type { BareEngine } from "./bare-engine.ts";
import type { Deploys } from "./deploys.ts";

/** One agent after the other, on the product and on the bare engine in turns. */
export async function compareCreates(
  ctx: ScenarioContext,
  { bare, deploys }: { bare: BareEngine; deploys: Deploys },
  { rounds, ceiling, judged }: { rounds: number; ceiling: number; judged: Judged },
): Promise<void> {
  const onProduct = async () => {
    const userId = await deploys.makeUser();
    const startedAt = performance.now();
    const agentId = await deploys.deploy(userId);
    const [readyMs] = await deploys.untilReady([agentId], startedAt);
    ctx.must(readyMs !== null && readyMs !== undefined, "a deployed agent gets ready");
    await deploys.remove([agentId]);
    return readyMs;
  };
  const onBareEngine = async () => {
    const slot = await bare.prepare();
    const readyMs = await bare.bringUp(slot);
    await bare.remove(slot);
    return readyMs;
  };
  // The first of each warms caches of engine and disk, and counts for nothing.
  await onBareEngine();
  await onProduct();
  const sides = { product: onProduct, bare: onBareEngine };
  const ratio = await alternate(ctx, sides, { name: "create to ready", rounds, judged });
  ctx.hold(ratio <= ceiling, `create to ready takes at most ${ceiling}× of the bare engine`, ratio.toFixed(3));
}
