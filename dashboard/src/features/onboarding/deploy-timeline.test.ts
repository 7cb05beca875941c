import { expect, test } from "vitest";
import { deployProgress, type DeployStage } from "@automna/core/agents/deploy-progress";
import { percentNow, toTimeline, withView, type StageStarts } from "./deploy-timeline.ts";

const at = (stage: DeployStage, sinceMs: number) => ({ ...deployProgress(stage, 0), sinceMs });

test("measures each stage from the times that the platform reports", () => {
  const starts = [at("queued", 1_000), at("placing", 1_400), at("warming", 4_000)].reduce(withView, {} as StageStarts);
  const steps = toTimeline(starts, at("warming", 4_000), 9_000);
  expect(steps.map((step) => [step.stage, step.state, step.tookMs])).toEqual([
    ["queued", "done", 400],
    ["placing", "done", 2_600],
    ["starting", "done", null],
    ["warming", "current", 5_000],
    ["ready", "ahead", null],
  ]);
});

test("starts over when the deploy does", () => {
  const starts = [at("queued", 1_000), at("warming", 4_000), at("starting", 30_000)].reduce(
    withView,
    {} as StageStarts,
  );
  expect(starts).toEqual({ queued: 1_000, starting: 30_000 });
});

test("is done in every step once the agent is ready", () => {
  const starts = withView(withView({}, at("warming", 1_000)), at("ready", 9_000));
  const steps = toTimeline(starts, at("ready", 9_000), 20_000);
  expect(steps.every((step) => step.state === "done")).toBe(true);
  expect(steps.at(3)?.tookMs).toBe(8_000);
});

test("moves on between two messages and never claims the end", () => {
  const progress = { ...at("warming", 0), percent: 20 };
  expect(percentNow(progress, 10_000)).toBeGreaterThan(20);
  expect(percentNow(progress, 10_000_000)).toBeLessThan(100);
  expect(percentNow(at("ready", 0), 1)).toBe(100);
});
