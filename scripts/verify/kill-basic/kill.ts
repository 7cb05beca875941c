import { setTimeout as sleep } from "node:timers/promises";
import type { Product } from "@automna/testkit/product";
import type { ScenarioContext } from "../harness/scenario.ts";
import { findVictim, type VictimName } from "./victims.ts";

const THERE_TIMEOUT_MS = 60_000;
const BACK_TIMEOUT_MS = 120_000;

/** SIGKILL to a part that runs; resolves when it is gone. Answers its former process id. */
export async function kill(ctx: ScenarioContext, product: Product, name: VictimName): Promise<number> {
  const pid = await ctx.eventually(`${name} runs before it is killed`, () => findVictim(name, product), {
    timeoutMs: THERE_TIMEOUT_MS,
  });
  process.kill(pid, "SIGKILL");
  ctx.log(`  killed ${name} (process ${pid})`);
  return pid;
}

/** Waits until the part runs again as another process. */
export async function untilBack(
  ctx: ScenarioContext,
  product: Product,
  name: VictimName,
  formerPid: number,
): Promise<void> {
  const startedAt = Date.now();
  await ctx.eventually(
    `${name} is back by itself`,
    () => {
      const pid = findVictim(name, product);
      return pid !== null && pid !== formerPid ? pid : null;
    },
    { timeoutMs: BACK_TIMEOUT_MS },
  );
  ctx.log(`  ${name} was back after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** A pause of random length, so that kills fall on different moments. */
export function pause(ctx: ScenarioContext, lowMs: number, highMs: number): Promise<void> {
  return sleep(ctx.random.integer(lowMs, highMs), undefined, { signal: ctx.signal });
}
