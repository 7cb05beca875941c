import type { AgentView } from "@automna/contract/agents";
import { deployProgress, deployStages, type DeployStage } from "@automna/core/agents/deploy-progress";

/** When each stage began, as far as this page has seen it. */
export type StageStarts = Partial<Record<DeployStage, number>>;

export interface TimelineStep {
  stage: DeployStage;
  label: string;
  state: "done" | "current" | "ahead";
  /** Measured length when done, time so far when current; null when it passed before this page looked. */
  tookMs: number | null;
  usualMs: number;
}

/** Adds what a new view of the agent tells. A stage earlier than the last one means that the deploy began anew. */
export function withView(starts: StageStarts, { stage, sinceMs }: AgentView["progress"]): StageStarts {
  const at = deployStages.indexOf(stage);
  const kept = deployStages.slice(0, at).map((one) => [one, starts[one]] as const);
  return Object.fromEntries([
    ...kept.filter(([, startMs]) => startMs !== undefined && startMs <= sinceMs),
    [stage, sinceMs],
  ]);
}

export function toTimeline(starts: StageStarts, progress: AgentView["progress"], now: number): TimelineStep[] {
  const current = deployStages.indexOf(progress.stage);
  return deployStages.map((stage, index) => {
    const { label, usualMs } = deployProgress(stage, 0);
    const startMs = starts[stage];
    const next = deployStages.slice(index + 1).find((one) => starts[one] !== undefined);
    const endMs = index < current ? (next === undefined ? undefined : starts[next]) : now;
    const tookMs = startMs === undefined || endMs === undefined ? null : Math.max(0, endMs - startMs);
    const isDone = index < current || progress.stage === "ready";
    return {
      stage,
      label,
      usualMs,
      tookMs: isDone && stage === "ready" ? null : tookMs,
      state: isDone ? "done" : index === current ? "current" : "ahead",
    };
  });
}

/** The percentage at this moment: the api's own rule, carried on between two of its messages. */
export function percentNow(progress: AgentView["progress"], now: number): number {
  return Math.max(progress.percent, deployProgress(progress.stage, now - progress.sinceMs).percent);
}
