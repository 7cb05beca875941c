/** What a run is judged by; grows while it runs. */
export interface Outcome {
  scenario: string;
  seed: number;
  isQuick: boolean;
  startedAtMs: number;
  figures: Map<string, { value: number; unit: string }>;
  checks: number;
  attacks: number;
  failures: string[];
}

export function newOutcome(
  scenario: string,
  { seed, isQuick, nowMs }: { seed: number; isQuick: boolean; nowMs: number },
): Outcome {
  return { scenario, seed, isQuick, startedAtMs: nowMs, figures: new Map(), checks: 0, attacks: 0, failures: [] };
}

/** The one line that a program reads. */
export interface OutcomeLine {
  scenario: string;
  ok: boolean;
  figures: Record<string, number>;
  checks: number;
  attacks: number;
  failures: string[];
  seconds: number;
  seed: number;
  quick: boolean;
}

/** A run without a single check has proven nothing and is not ok. */
export function toOutcomeLine(outcome: Outcome, nowMs: number): OutcomeLine {
  const failures = outcome.checks === 0 && outcome.failures.length === 0 ? ["nothing was checked"] : outcome.failures;
  return {
    scenario: outcome.scenario,
    ok: failures.length === 0,
    figures: Object.fromEntries([...outcome.figures].map(([name, { value }]) => [name, value])),
    checks: outcome.checks,
    attacks: outcome.attacks,
    failures,
    seconds: Math.round((nowMs - outcome.startedAtMs) / 100) / 10,
    seed: outcome.seed,
    quick: outcome.isQuick,
  };
}

/** The figures as a small table for a person. */
export function figureTable({ figures }: Outcome): string[] {
  const width = Math.max(0, ...[...figures.keys()].map((name) => name.length));
  return [...figures].map(([name, { value, unit }]) => `  ${name.padEnd(width)}  ${value} ${unit}`);
}
