import type { ScenarioContext } from "../harness/scenario.ts";
import type { Bystander } from "./bystander.ts";
import type { IngressProcess } from "./ingress-process.ts";

export interface Baseline {
  descriptors: number;
  heapMb: number;
  loopDelayMeanMs: number;
  loopDelayP99Ms: number;
  /** What a process that does nothing waited for its processor meanwhile. */
  bystanderMeanMs: number;
  bystanderP99Ms: number;
}

export interface Observed {
  ingress: IngressProcess;
  bystander: Bystander;
}

const MB = 1024 * 1024;
/** An idle process is looked at for so long. */
const LOOK_MS = 1_500;
/** Compiled code and histograms grow a little with use; a leak of one request's memory would be far more. */
const HEAP_SLACK_MB = 4;
const MEAN_SLACK_MS = 3;
const P99_SLACK_MS = 25;

export async function observeBaseline({ ingress, bystander }: Observed): Promise<Baseline> {
  const probeBoth = () => Promise.all([ingress.probe(), bystander.probe()]);
  await probeBoth();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const [own, idle] = await probeBoth();
  return {
    descriptors: await ingress.descriptors(),
    heapMb: own.heapUsedBytes / MB,
    loopDelayMeanMs: own.loopDelayMeanMs,
    loopDelayP99Ms: own.loopDelayP99Ms,
    bystanderMeanMs: idle.loopDelayMeanMs,
    bystanderP99Ms: idle.loopDelayP99Ms,
  };
}

/** Waits until the process has come to rest: nothing under way, and no more open than before. */
export async function holdBackToBaseline(
  ctx: ScenarioContext,
  observed: Observed,
  before: Baseline,
  when = "after the faults",
): Promise<void> {
  const { ingress } = observed;
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
      const now = await observeBaseline(observed);
      if (isBack(now, before)) return now;
      ctx.log(`${when} not yet: before ${JSON.stringify(before)}, now ${JSON.stringify(now)}`);
      return null;
    },
    { timeoutMs: 30_000 },
  );
  ctx.figure(`${when}: descriptors before`, before.descriptors, "");
  ctx.figure(`${when}: descriptors after`, after.descriptors, "");
  ctx.figure(`${when}: heap before`, before.heapMb, "MB");
  ctx.figure(`${when}: heap after`, after.heapMb, "MB");
  ctx.figure(`${when}: event-loop delay before, mean`, before.loopDelayMeanMs, "ms");
  ctx.figure(`${when}: event-loop delay after, mean`, after.loopDelayMeanMs, "ms");
  ctx.figure(`${when}: event-loop delay after, mean, of a process that does nothing`, after.bystanderMeanMs, "ms");
  const { trouble } = await ingress.probe();
  ctx.hold(trouble.length === 0, `${when} no error was uncaught and no rejection unheard`, trouble);
}

/** A machine that has become busier delays everybody: that much is not the process's own. */
function isBack(now: Baseline, before: Baseline): boolean {
  const meanMs = Math.max(before.loopDelayMeanMs, now.bystanderMeanMs);
  const p99Ms = Math.max(before.loopDelayP99Ms, now.bystanderP99Ms);
  return (
    now.heapMb <= before.heapMb + HEAP_SLACK_MB &&
    now.loopDelayMeanMs <= meanMs + MEAN_SLACK_MS &&
    now.loopDelayP99Ms <= p99Ms + P99_SLACK_MS
  );
}
