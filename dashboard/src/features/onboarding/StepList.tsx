import { Check } from "lucide-react";
import { classNames } from "../../components/class-names.ts";
import { stepTitles, wizardSteps, type WizardStep } from "./wizard-step.ts";

export function StepList({ current }: { current: WizardStep }) {
  const at = wizardSteps.indexOf(current);
  return (
    <ol aria-label="Steps" className="flex flex-wrap items-center gap-x-3 gap-y-2 text-13">
      {wizardSteps.map((step, index) => (
        <li key={step} aria-current={index === at ? "step" : undefined} className="flex items-center gap-3">
          {index > 0 ? <span aria-hidden className="h-px w-5 bg-line-strong sm:w-8" /> : null}
          <span className={classNames("flex items-center gap-2", index === at ? "font-medium text-ink" : "text-ink-3")}>
            <span
              className={classNames(
                "flex size-5 items-center justify-center rounded-full border text-12",
                index === at ? "border-accent bg-accent text-accent-ink" : "border-line-strong",
              )}
            >
              {index < at ? <Check aria-label="Done" className="size-3" /> : index + 1}
            </span>
            {stepTitles[step]}
          </span>
        </li>
      ))}
    </ol>
  );
}
