import { z } from "zod";
import type { TestCounts } from "./vitest-report.ts";

/** What we read of the line that a scenario ends with (verify/harness/outcome.ts). */
const lineSchema = z.object({ failures: z.array(z.string()) });

/** One scenario's counts from its output and exit code: it held, or the checks that did not are named. */
export function countScenario(name: string, output: string, exitCode: number): TestCounts {
  if (exitCode === 0) return { passed: 1, failures: [], unsteady: [], notRun: [] };
  const failure = `${name}: ${readFailures(output).join("; ") || `exit code ${exitCode}`}`;
  return { passed: 0, failures: [failure], unsteady: [], notRun: [] };
}

function readFailures(output: string): string[] {
  try {
    return lineSchema.parse(JSON.parse(output.trimEnd().split("\n").at(-1) ?? "")).failures;
  } catch {
    // It ended before it could say anything.
    return [];
  }
}
