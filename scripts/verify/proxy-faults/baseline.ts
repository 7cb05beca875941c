import type { ScenarioContext } from "../harness/scenario.ts";
import type { IngressProcess } from "./ingress-process.ts";

export interface Baseline {
  descriptors: number;
  heapMb: number;
  loopDelayMeanMs: number;
  loopDelayP99Ms: number;
}

const MB = 1024 * 1024;
/** An idle process is looked at for so long. */
const LOOK_MS = 1_500;
/** Compiled code and histograms grow a little with use; a leak of one request's memory would be far more. */
const HEAP_SLACK_MB = 4;
const MEAN_SLACK_MS = 3;
const P99_SLACK_MS = 25;

export async function observeBaseline({ descriptors, probe }: IngressProcess): Promise<Baseline> {
  await probe();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const { heapUsedBytes, loopDelayMeanMs, loopDelayP99Ms } = await probe();
  return { descriptors: await descriptors(), heapMb: heapUsedBytes / MB, loopDelayMeanMs, loopDelayP99Ms };
}

/** Waits until the process has come to rest: nothing under way, and no more open than before. */
export async function holdBackToBaseline(
  ctx: ScenarioContext,
  ingress: IngressProcess,
  before: Baseline,
  when = "after the faults",
): Promise<void> {
  await ctx.eventually(`${when} nothing is under way any more`, async () =>
    (await ingress.metric("proxy_active")) === 0 ? true : null,
  );
  await ctx.eventually(
    `${when} descriptors are back to the base line (${before.descriptors})`,
    async () => ((await ingress.descriptors()) <= before.descriptors ? true : null),
    { timeoutMs: 120_000 },
  );
  const after = await ctx.eventually(
    `${when} heap and event-loop delay are back to the base line`,
    async () => {
      const now = await observeBaseline(ingress);
      return isBack(now, before) ? now : null;
    },
    { timeoutMs: 30_000 },
  );
  ctx.figure(`${when}: descriptors before`, before.descriptors, "");
  ctx.figure(`${when}: descriptors after`, after.descriptors, "");
  ctx.figure(`${when}: heap before`, before.heapMb, "MB");
  ctx.figure(`${when}: heap after`, after.heapMb, "MB");
  ctx.figure(`${when}: event-loop delay before, mean`, before.loopDelayMeanMs, "ms");
  ctx.figure(`${when}: event-loop delay after, mean`, after.loopDelayMeanMs, "ms");
  const { trouble } = await ingress.probe();
  ctx.hold(trouble.length === 0, `${when} no error was uncaught and no rejection unheard`, trouble);
}

function isBack(now: Baseline, before: Baseline): boolean {
  return (
    now.heapMb <= before.heapMb + HEAP_SLACK_MB &&
    now.loopDelayMeanMs <= before.loopDelayMeanMs + MEAN_SLACK_MS &&
    now.loopDelayP99Ms <= before.loopDelayP99Ms + P99_SLACK_MS
  );
}
