import { cpuUs } from "./cpu.ts";
import type { Measured } from "./jobs.ts";
import { quantile } from "./stats.ts";

export interface Meter {
  /** One unit is done; `tookMs` where a time of its own makes sense. */
  done: (tookMs?: number) => void;
  /** Units that may still be begun. */
  take: () => boolean;
  result: Promise<Measured>;
}

/** Counts units of work, and reads the proxy's clock at the begin, in the middle and at the end. */
export function makeMeter(pid: number | null, count: number): Meter {
  const readCpu = () => (pid === null ? 0 : cpuUs(pid));
  const { promise: result, resolve } = Promise.withResolvers<Measured>();
  const took: number[] = [];
  const startedAt = performance.now();
  const half = Math.floor(count / 2);
  const startCpu = readCpu();
  let halfCpu = startCpu;
  let begun = 0;
  let finished = 0;
  return {
    result,
    take() {
      if (begun >= count) return false;
      begun += 1;
      return true;
    },
    done(tookMs) {
      finished += 1;
      if (tookMs !== undefined) took.push(tookMs);
      if (finished === half) halfCpu = readCpu();
      if (finished !== count) return;
      const endCpu = readCpu();
      resolve({
        cpuUs: [(halfCpu - startCpu) / half, (endCpu - halfCpu) / (count - half)],
        p50Ms: took.length === 0 ? 0 : quantile(took, 0.5),
        p99Ms: took.length === 0 ? 0 : quantile(took, 0.99),
        perS: (count / (performance.now() - startedAt)) * 1_000,
      });
    },
  };
}
