/** What a person sees while an agent comes up: product.md's "queued, placing, starting, warming, ready". */
export const deployStages = ["queued", "placing", "starting", "warming", "ready"] as const;
export type DeployStage = (typeof deployStages)[number];

/** Usual time in each stage, ms, on an idle 2-core machine (docs/performance.md, first-light). */
const usualMs: Record<DeployStage, number> = {
  queued: 500,
  placing: 500,
  starting: 2_000,
  warming: 20_000,
  ready: 0,
};

const labels: Record<DeployStage, string> = {
  queued: "Waiting for its turn",
  placing: "Finding a place",
  starting: "Starting your agent",
  warming: "Warming up",
  ready: "Ready",
};

export interface DeployProgress {
  stage: DeployStage;
  label: string;
  /** 0 to 100; only `ready` is 100. */
  percent: number;
  usualMs: number;
}

/**
 * Progress from the stage and the time spent in it. Within a stage it approaches the stage's end without ever
 * reaching it, so the bar moves while something slow runs and never claims what has not happened.
 */
export function deployProgress(stage: DeployStage, inStageMs: number): DeployProgress {
  const total = deployStages.reduce((sum, name) => sum + usualMs[name], 0);
  const before = deployStages.slice(0, deployStages.indexOf(stage)).reduce((sum, name) => sum + usualMs[name], 0);
  const usual = usualMs[stage];
  const share = usual === 0 ? 0 : 1 - Math.exp(-Math.max(0, inStageMs) / (usual * 0.75));
  const percent = stage === "ready" ? 100 : Math.min(99, Math.floor((100 * (before + usual * share)) / total));
  return { stage, label: labels[stage], percent, usualMs: usual };
}
