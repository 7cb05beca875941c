import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CleanupStack } from "./cleanup.ts";
import type { Outcome } from "./outcome.ts";
import { makeRandom } from "./random.ts";
import { ScenarioStopped, type ScenarioContext } from "./scenario.ts";

export interface ContextParts {
  outcome: Outcome;
  cleanup: CleanupStack;
  signal: AbortSignal;
  isKept: boolean;
  print: (line: string) => void;
  now: () => number;
}

const WAIT_TIMEOUT_MS = 60_000;
const WAIT_EVERY_MS = 100;

/** Makes what a scenario works with; all it finds goes into `outcome`. */
export function makeContext({ outcome, cleanup, signal, isKept, print, now }: ContextParts): ScenarioContext {
  const log = (line: string) => print(`${elapsed(now() - outcome.startedAtMs)}  ${line}`);

  const hold = (condition: boolean, sentence: string, detail?: unknown): boolean => {
    // What is found after the end proves nothing: the cleanup is already at work.
    signal.throwIfAborted();
    outcome.checks += 1;
    if (!condition) outcome.failures.push(detail === undefined ? sentence : `${sentence} [${describe(detail)}]`);
    log(`${condition ? "✓" : "✗"} ${sentence}`);
    if (!condition && detail !== undefined) log(`    ${describe(detail)}`);
    return condition;
  };

  return {
    isQuick: outcome.isQuick,
    random: makeRandom(outcome.seed),
    signal,
    log,
    hold,
    figure(name, value, unit) {
      const rounded = Math.round(value * 100) / 100;
      outcome.figures.set(name, { value: rounded, unit });
      log(`  ${name}: ${rounded} ${unit}`);
    },
    must(condition, sentence, detail) {
      if (!hold(condition, sentence, detail)) throw new ScenarioStopped(sentence);
    },
    async eventually(sentence, look, { timeoutMs = WAIT_TIMEOUT_MS, everyMs = WAIT_EVERY_MS } = {}) {
      const deadline = now() + timeoutMs;
      for (;;) {
        signal.throwIfAborted();
        const found = await look();
        if (found !== null) {
          hold(true, sentence);
          return found;
        }
        if (now() > deadline) break;
        await sleep(everyMs, undefined, { signal });
      }
      hold(false, sentence, `not within ${timeoutMs / 1000} s`);
      throw new ScenarioStopped(sentence);
    },
    async attack({ name, unsafe, safe }) {
      signal.throwIfAborted();
      const worksUnchecked = await unsafe();
      if (!worksUnchecked) {
        hold(false, `${name}: the attack works while its check is off`, "it did not, so it would prove nothing");
        return;
      }
      outcome.attacks += 1;
      hold(!(await safe()), `${name}: refused (and it works while its check is off)`);
    },
    onCleanup: cleanup.add,
    async folder() {
      const path = await mkdtemp(join(tmpdir(), `automna-verify-${outcome.scenario}-`));
      // As root the database and the agents run as users of their own, who must be able to pass through.
      await chmod(path, 0o755);
      cleanup.add(`remove ${path}`, () =>
        isKept ? log(`kept: ${path}`) : rm(path, { recursive: true, force: true, maxRetries: 3 }),
      );
      return path;
    },
  };
}

/** `  12.3 s`, wide enough for an hour. */
export function elapsed(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}

function describe(detail: unknown): string {
  if (detail instanceof Error) return detail.message;
  return typeof detail === "string" ? detail : (JSON.stringify(detail) ?? String(detail)).slice(0, 1_000);
}
