import type { Candidate } from "./candidates.ts";
import type { Job, Measured } from "./jobs.ts";
import { median, spread } from "./stats.ts";

/** What one candidate came to in one discipline. */
export interface Figures {
  /** Of each round, in their order: whoever was measured in the same round met the same machine. */
  roundsUs: readonly number[];
  /** Median of the rounds. */
  cpuUs: number;
  /** Of the best round: what disturbs a measurement only ever adds to it. */
  bestUs: number;
  /** Of the processor time, see stats.ts. */
  spread: number;
  p50Ms: number;
  p99Ms: number;
  perS: number;
  /** Measurements that were thrown away because their halves differed. */
  repeated: number;
}

export interface RoundsOptions {
  rounds: number;
  /** So often an unsteady measurement is taken before the steadiest one counts. */
  attempts: number;
  measure: (job: Job, candidate: Candidate) => Promise<Measured>;
}

/** Both halves of one measurement do the same work: further apart than this, something else was at work too. */
const HALVES_MAX = 1.2;

/** Every candidate once per round, so that what the machine does beside it falls on all; medians over the rounds. */
export async function measureRounds(
  candidates: readonly Candidate[],
  job: Job,
  { rounds, attempts, measure }: RoundsOptions,
): Promise<Map<string, Figures>> {
  const taken = new Map(candidates.map(({ name }) => [name, { measured: [] as Measured[], repeated: 0 }]));
  for (let round = 0; round < rounds; round += 1) {
    // Whoever goes first finds the machine as the one before left it: each takes every place in turn.
    for (const candidate of rotate(candidates, round)) {
      const own = taken.get(candidate.name);
      const { measured, repeated } = await measureSteadily(() => measure(job, candidate), attempts);
      own?.measured.push(measured);
      if (own !== undefined) own.repeated += repeated;
    }
  }
  return new Map([...taken].map(([name, { measured, repeated }]) => [name, toFigures(measured, repeated)]));
}

async function measureSteadily(measure: () => Promise<Measured>, attempts: number) {
  let best = await measure();
  let repeated = 0;
  while (unsteadiness(best) > HALVES_MAX && repeated < attempts - 1) {
    repeated += 1;
    const again = await measure();
    if (unsteadiness(again) < unsteadiness(best)) best = again;
  }
  return { measured: best, repeated };
}

/** 1 = both halves took the same. */
function unsteadiness({ cpuUs: [first, second] }: Measured): number {
  return first === second ? 1 : Math.max(first, second) / Math.min(first, second);
}

function toFigures(measured: readonly Measured[], repeated: number): Figures {
  const cpu = measured.map(({ cpuUs: [first, second] }) => (first + second) / 2);
  return {
    roundsUs: cpu,
    cpuUs: median(cpu),
    bestUs: Math.min(...cpu),
    spread: median(cpu) === 0 ? 0 : spread(cpu),
    p50Ms: median(measured.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(measured.map(({ p99Ms }) => p99Ms)),
    perS: median(measured.map(({ perS }) => perS)),
    repeated,
  };
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
