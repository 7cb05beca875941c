import { loadScenarios } from "./verify/harness/catalogue.ts";
import { parseVerifyOptions, type VerifyOptions } from "./verify/harness/options.ts";
import type { OutcomeLine } from "./verify/harness/outcome.ts";
import { runScenario } from "./verify/harness/run-scenario.ts";
import type { Scenario } from "./verify/harness/scenario.ts";

/** Exit codes: 0 everything held, 1 something did not, 2 it could not be run as asked, 130 interrupted. */
const MISUSE = 2;
const INTERRUPTED = 130;

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => interrupt.abort(new Error(signal)));
if (process.channel) process.on("disconnect", () => interrupt.abort(new Error("the terminal is gone")));

try {
  process.exitCode = await verify(parseVerifyOptions(process.argv.slice(2), Math.random));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = MISUSE;
}
// The channel to our parent, and whatever a failed scenario left open, would keep us alive.
process.exit();

async function verify(options: VerifyOptions): Promise<number> {
  const scenarios = await loadScenarios();
  if (options.isList) {
    printList(scenarios);
    return 0;
  }
  const chosen = options.name === "all" ? scenarios : scenarios.filter(({ name }) => name === options.name);
  if (chosen.length === 0) {
    console.error(options.name === null ? "Which scenario?\n" : `There is no scenario "${options.name}".\n`);
    printList(scenarios);
    return MISUSE;
  }
  const lines: OutcomeLine[] = [];
  for (const scenario of chosen) {
    if (interrupt.signal.aborted) break;
    lines.push(await runOne(scenario, options));
  }
  const ok = lines.length === chosen.length && lines.every((line) => line.ok);
  if (chosen.length > 1) console.log(JSON.stringify({ scenario: "all", ok, scenarios: lines }));
  if (interrupt.signal.aborted) return INTERRUPTED;
  return ok ? 0 : 1;
}

async function runOne(scenario: Scenario, { isQuick, isKept, isJson, seed }: VerifyOptions): Promise<OutcomeLine> {
  const print = isJson ? console.error : console.log;
  const line = await runScenario(scenario, {
    isQuick,
    isKept,
    seed,
    print,
    now: Date.now,
    interrupt: interrupt.signal,
  });
  console.log(JSON.stringify(line));
  return line;
}

function printList(scenarios: readonly Scenario[]): void {
  console.log("Scenarios (npm run verify -- <name>, or all):");
  for (const { name, title } of scenarios) console.log(`  ${name.padEnd(18)} ${title}`);
}
