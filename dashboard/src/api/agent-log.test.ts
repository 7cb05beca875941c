import { expect, test } from "vitest";
import { withLogLine } from "./use-agent-stream.ts";

const line = (id: string, atMs: number) => ({
  id,
  type: "agent.started",
  atMs,
  phase: "starting" as const,
  message: id,
});

test("keeps each line once and in the order of time, also when a stream repeats itself", () => {
  const log = [line("2", 2), line("1", 1), line("2", 2), line("3", 3)].reduce(
    withLogLine,
    [] as ReturnType<typeof line>[],
  );
  expect(log.map((one) => one.id)).toEqual(["1", "2", "3"]);
});
