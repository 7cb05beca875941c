import { expect, test } from "vitest";
import { countTests } from "./vitest-report.ts";

const file = (status: string, ...statuses: string[]) => ({
  name: "x.test.ts",
  status,
  assertionResults: statuses.map((each, index) => ({ fullName: `test ${index}`, status: each })),
});
const report = (...testResults: unknown[]) => JSON.stringify({ testResults });

test("counts passed, failed and not run", () => {
  const counts = countTests(report(file("passed", "passed", "skipped"), file("failed", "failed", "passed")), 1);
  expect(counts).toEqual({ passed: 2, failures: ["test 0"], unsteady: [], notRun: ["test 1"] });
});

test("a file that can't be loaded is a failure, though it has no failed test", () => {
  expect(countTests(report(file("failed")), 1).failures).toHaveLength(1);
  expect(countTests(report(file("failed", "passed")), 1).failures).toHaveLength(1);
});

test("a run that fails for another reason is never green", () => {
  expect(countTests(report(file("passed", "passed")), 1)).toMatchObject({
    passed: 1,
    failures: ["an error outside of any test"],
  });
  expect(countTests(null, 1).failures).toHaveLength(1);
  expect(countTests(null, 0).failures).toHaveLength(1);
});

test("a test that held at its second try passes, and is named", () => {
  const retried = { fullName: "late once", status: "passed", failureMessages: ["too slow"] };
  const counts = countTests(report({ name: "x.test.ts", status: "passed", assertionResults: [retried] }), 0);
  expect(counts).toEqual({ passed: 1, failures: [], unsteady: ["late once"], notRun: [] });
});
