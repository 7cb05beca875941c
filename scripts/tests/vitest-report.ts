import { z } from "zod";

/** What we read of vitest's JSON report. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

export interface TestCounts {
  passed: number;
  /** Names of what failed. */
  failures: string[];
  /** Names of what held only when it was run again. They pass, and are told. */
  unsteady: string[];
  /** Full names of tests that did not run on this machine. */
  notRun: string[];
}

/** Counts of a run from its report and exit code. A file that could not be loaded, and a run without a report, are failures. */
export function countTests(reportJson: string | null, exitCode: number): TestCounts {
  if (reportJson === null) return { passed: 0, failures: ["it ended without a report"], unsteady: [], notRun: [] };
  const { testResults } = reportSchema.parse(JSON.parse(reportJson));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const withStatus = (...statuses: string[]) =>
    tests.filter(({ status }) => statuses.includes(status)).map(({ fullName }) => fullName);
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failures = [...withStatus("failed"), ...brokenFiles.map(({ name }) => name)];
  // An error outside of any test fails the run, and it alone.
  if (failures.length === 0 && exitCode !== 0) failures.push("an error outside of any test");
  return {
    passed: withStatus("passed").length,
    failures,
    unsteady: tests
      .filter(({ status, failureMessages }) => status === "passed" && failureMessages.length > 0)
      .map(({ fullName }) => fullName),
    notRun: withStatus("skipped", "pending", "disabled", "todo"),
  };
}
