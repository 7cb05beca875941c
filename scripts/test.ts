// `npm test`: everything, from nothing, with one line at the end that says how it went.
import { parseArgs } from "node:util";
import { readUsage } from "./bootstrap/commands.mjs";
import { runPart, TEST_PARTS, type TestPart } from "./tests/parts.ts";
import { stoppedWith, stopProcessesOnSignal } from "./tests/run-process.ts";
import type { TestCounts } from "./tests/vitest-report.ts";

const parts = chooseParts(parseArgs({ options: { only: { type: "string", multiple: true } } }).values.only);
const isStrict = process.env["CI"] === "true";
stopProcessesOnSignal();

const results: [TestPart, TestCounts][] = [];
for (const part of parts) {
  console.log(`\n=== ${part}`);
  results.push([part, await runPart[part]()]);
  if (stoppedWith() !== undefined) process.exit(stoppedWith());
}

console.log("\n=== summary");
for (const [part, { passed, failures, unsteady, notRun }] of results) {
  console.log(
    `  ${failures.length === 0 ? "✓" : "✗"} ${part}: ${passed} passed, ${failures.length} failed, ${notRun.length} not run here`,
  );
  for (const failure of failures) console.log(`      ✗ ${failure}`);
  for (const name of unsteady) console.log(`      ~ held only when it was run again: ${name}`);
}
const notRun = results.flatMap(([part, counts]) => counts.notRun.map((name) => `${part}: ${name}`));
if (notRun.length > 0) {
  console.log(`\n!!! NOT RUN ON THIS MACHINE${isStrict ? ", which CI counts as failed" : ""}:`);
  for (const name of notRun) console.log(`!!!   ${name}`);
}
const passed = sum((counts) => counts.passed);
const failed = sum((counts) => counts.failures.length) + (isStrict ? notRun.length : 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function chooseParts(only: string[] | undefined): readonly TestPart[] {
  if (only === undefined) return TEST_PARTS;
  const unknown = only.filter((part) => !TEST_PARTS.includes(part as TestPart));
  if (unknown.length === 0) return TEST_PARTS.filter((part) => only.includes(part));
  console.error(`There is no part "${unknown.join('", "')}".\n\n${readUsage("test")}`);
  process.exit(2);
}

function sum(toNumber: (counts: TestCounts) => number): number {
  return results.reduce((total, [, counts]) => total + toNumber(counts), 0);
}
