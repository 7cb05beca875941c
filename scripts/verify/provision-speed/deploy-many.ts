import type { ScenarioContext } from "../harness/scenario.ts";
import { percentile } from "../steps/statistics.ts";
import { alternate, type Judged } from "./alternate.ts";
import type { BareEngine } from "./bare-engine.ts";
import type { Deploys } from "./deploys.ts";

/** Everybody at once, the start gate open; in turns with the same number of services, handed to the bare engine at once. */
export async function deployMany(
  ctx: ScenarioContext,
  { bare, deploys }: { bare: BareEngine; deploys: Deploys },
  { count, rounds, floor, judged }: { count: number; rounds: number; floor: number; judged: Judged },
): Promise<void> {
  const onBareEngine = async () => {
    const slots = await Promise.all(Array.from({ length: count }, bare.prepare));
    const startedAt = performance.now();
    await Promise.all(slots.map(bare.bringUp));
    const tookMs = performance.now() - startedAt;
    await Promise.all(slots.map(bare.remove));
    return tookMs;
  };
  const onProduct = async () => {
    const users = await Promise.all(Array.from({ length: count }, deploys.makeUser));
    const startedAt = performance.now();
    const agentIds = await Promise.all(users.map(deploys.deploy));
    const times = await deploys.untilReady(agentIds, startedAt);
    const ready = times.flatMap((time) => time ?? []);
    ctx.must(ready.length === count, `${count} deploys at once all get ready, none is stuck`, ready.length);
    ctx.figure(`${count} deploys at once, median to ready`, percentile(ready, 0.5), "ms");
    const failures = await deploys.listFailures(agentIds);
    ctx.figure(`${count} deploys at once, tries that did not work`, failures.length, "");
    if (failures.length > 0) ctx.log(`  tries that did not work: ${JSON.stringify(failures)}`);
    await deploys.remove(agentIds);
    return Math.max(...ready);
  };
  const sides = { product: onProduct, bare: onBareEngine };
  const share = 1 / (await alternate(ctx, sides, { name: `${count} at once`, rounds, judged }));
  ctx.figure(`throughput of ${count} at once ÷ bare engine`, Number(share.toFixed(3)), "×");
  ctx.hold(share >= floor, `${count} at once reach ${floor}× of the bare engine's throughput`, share.toFixed(3));
}
