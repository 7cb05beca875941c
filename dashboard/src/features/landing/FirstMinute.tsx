import { deployProgress, deployStages } from "@automna/core/agents/deploy-progress";
import type { ReactNode } from "react";
import { formatDuration } from "../../components/relative-time.ts";

function Step({ number, children }: { number: number; children: ReactNode }) {
  return (
    <li data-figures className="grid grid-cols-[1.25rem_minmax(0,1fr)]">
      <span aria-hidden className="text-ink-3">
        {number}
      </span>
      <div>{children}</div>
    </li>
  );
}

/** How it works, with the usual times that the progress bar counts with too. */
export function FirstMinute() {
  const stages = deployStages.filter((stage) => stage !== "ready").map((stage) => deployProgress(stage, 0));
  const totalMs = stages.reduce((sum, stage) => sum + stage.usualMs, 0);
  return (
    <section aria-labelledby="first-minute" className="rounded-large border border-line bg-surface p-6">
      <h2 id="first-minute" className="text-14 font-semibold">
        How it works
      </h2>
      <ol className="mt-4 grid gap-3 text-14">
        <Step number={1}>Paste your key; it is checked at once</Step>
        <Step number={2}>Choose a name and a personality</Step>
        <Step number={3}>
          Deploy
          <ol data-figures className="mt-2 grid gap-1.5 text-13 text-ink-2">
            {stages.map((stage) => (
              <li key={stage.stage} className="flex justify-between gap-4">
                <span>{stage.label}</span>
                <span className="text-ink-3">{formatDuration(stage.usualMs)}</span>
              </li>
            ))}
          </ol>
        </Step>
      </ol>
      <p data-figures className="mt-4 flex justify-between gap-4 border-t border-line pt-4 text-14">
        <span className="font-medium">Your agent is live</span>
        <span className="font-medium text-accent-text">usually {formatDuration(totalMs)}</span>
      </p>
    </section>
  );
}
