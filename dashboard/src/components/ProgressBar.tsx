import { classNames } from "./class-names.ts";

interface ProgressBarProps {
  label: string;
  percent: number;
  /** Stopped short: shown in the colour of trouble. */
  halted?: boolean;
}

export function ProgressBar({ label, percent, halted = false }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className="h-1.5 overflow-hidden rounded-large bg-line"
    >
      <div
        className={classNames(
          "h-full origin-left rounded-large transition-[width] duration-(--calm) ease-(--ease)",
          halted ? "bg-failing" : "bg-accent",
        )}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
