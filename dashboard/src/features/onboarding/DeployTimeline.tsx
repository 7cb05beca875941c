import { Check, Circle, CircleDot, LoaderCircle } from "lucide-react";
import { classNames } from "../../components/class-names.ts";
import { formatDuration } from "../../components/relative-time.ts";
import type { TimelineStep } from "./deploy-timeline.ts";

function StepIcon({ state, halted }: { state: TimelineStep["state"]; halted: boolean }) {
  if (state === "done") return <Check aria-label="Done" className="size-4 text-ready" />;
  if (state === "ahead") return <Circle aria-label="Not yet" className="size-4 text-line-strong" />;
  if (halted) return <CircleDot aria-label="Interrupted" className="size-4 text-failing" />;
  return <LoaderCircle aria-label="Now" className="size-4 animate-spin text-working motion-reduce:animate-none" />;
}

export function DeployTimeline({ steps, halted }: { steps: readonly TimelineStep[]; halted: boolean }) {
  return (
    <ol className="grid rounded-large border border-line bg-raised">
      {steps.map((step) => (
        <li
          key={step.stage}
          data-state={step.state}
          className="flex min-h-11 items-center gap-3 border-b border-line px-4 py-2 last:border-0"
        >
          <StepIcon state={step.state} halted={halted} />
          <span className={classNames("min-w-0 flex-1", step.state === "ahead" ? "text-ink-3" : "text-ink")}>
            {step.label}
            {step.state === "current" && !halted && step.usualMs >= 1_000 ? (
              <span className="text-ink-3">, usually {formatDuration(step.usualMs)}</span>
            ) : null}
          </span>
          <span data-figures className="shrink-0 text-13 text-ink-3">
            {step.tookMs === null || (halted && step.state === "current") ? "" : formatDuration(step.tookMs)}
          </span>
        </li>
      ))}
    </ol>
  );
}
