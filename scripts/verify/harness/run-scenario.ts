import { makeCleanupStack } from "./cleanup.ts";
import { makeContext } from "./context.ts";
import { figureTable, newOutcome, toOutcomeLine, type OutcomeLine } from "./outcome.ts";
import { ScenarioStopped, type Scenario } from "./scenario.ts";

export interface RunOptions {
  seed: number;
  isQuick: boolean;
  isKept: boolean;
  print: (line: string) => void;
  now: () => number;
  /** Aborted by Ctrl-C. */
  interrupt: AbortSignal;
  /** The scenario as a whole may take this long, ms. */
  deadlineMs?: number;
}

const DEADLINE_MS = 30 * 60_000;

/** Runs one scenario to its end, cleanup included, whatever happens. Never throws: what went wrong is in the answer. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<OutcomeLine> {
  const { seed, isQuick, isKept, print, now, interrupt, deadlineMs = DEADLINE_MS } = options;
  const outcome = newOutcome(scenario.name, { seed, isQuick, nowMs: now() });
  const cleanup = makeCleanupStack();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`took more than ${deadlineMs / 1000} s`)), deadlineMs);
  const signal = AbortSignal.any([interrupt, deadline.signal]);
  const ctx = makeContext({ outcome, cleanup, signal, isKept, print, now });
  ctx.log(`${scenario.name}: ${scenario.title} (seed ${seed}${isQuick ? ", quick" : ""})`);
  try {
    await Promise.race([scenario.run(ctx), aborted(signal)]);
  } catch (error) {
    // The check that stopped it is already among the failures.
    if (!(error instanceof ScenarioStopped)) outcome.failures.push(signal.aborted ? reasonOf(signal) : textOf(error));
    if (!(error instanceof ScenarioStopped)) ctx.log(`✗ ${signal.aborted ? reasonOf(signal) : textOf(error)}`);
  } finally {
    clearTimeout(timer);
    const problems = await cleanup.run();
    outcome.failures.push(...problems.map((problem) => `cleanup: ${problem}`));
    for (const problem of problems) ctx.log(`✗ cleanup: ${problem}`);
  }
  const line = toOutcomeLine(outcome, now());
  ctx.log(
    line.ok
      ? `${scenario.name} holds: ${line.checks} checks, ${line.attacks} attacks`
      : `${scenario.name} FAILED: ${line.failures.length} of ${line.checks} checks`,
  );
  for (const row of figureTable(outcome)) print(row);
  return line;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function reasonOf(signal: AbortSignal): string {
  return `ended early: ${signal.reason instanceof Error ? signal.reason.message : String(signal.reason)}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
