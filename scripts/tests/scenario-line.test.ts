import { expect, test } from "vitest";
import { countScenario } from "./scenario-line.ts";

test("a scenario that held counts once", () => {
  expect(countScenario("x", '{"failures":[]}\n', 0)).toEqual({ passed: 1, failures: [], unsteady: [], notRun: [] });
});

test("a scenario that failed says which checks did", () => {
  const output = 'something else\n{"ok":false,"failures":["the answer came","it was the right one"]}\n';
  expect(countScenario("x", output, 1).failures).toEqual(["x: the answer came; it was the right one"]);
});

test("a scenario that died says its exit code", () => {
  for (const output of ["", "out of memory\n", '{"ok":false}\n'])
    expect(countScenario("x", output, 137)).toMatchObject({ passed: 0, failures: ["x: exit code 137"] });
});
