import { RadioGroup } from "radix-ui";
import type { ReactNode } from "react";

export interface Segment<Value extends string> {
  value: Value;
  label: string;
  icon?: ReactNode;
  /** Can't be chosen now; whoever shows it says why. */
  disabled?: boolean;
}

interface SegmentedControlProps<Value extends string> {
  label: string;
  segments: readonly Segment<Value>[];
  value: Value;
  onChange(value: Value): void;
}

/** A few exclusive choices of a word or two each. */
export function SegmentedControl<Value extends string>({
  label,
  segments,
  value,
  onChange,
}: SegmentedControlProps<Value>) {
  function pick(next: string): void {
    const segment = segments.find((one) => one.value === next);
    if (segment !== undefined) onChange(segment.value);
  }
  return (
    <RadioGroup.Root
      aria-label={label}
      value={value}
      onValueChange={pick}
      className="inline-flex flex-wrap gap-0.5 rounded-large border border-line bg-surface p-0.5"
    >
      {segments.map((segment) => (
        <RadioGroup.Item
          key={segment.value}
          value={segment.value}
          disabled={segment.disabled}
          className="inline-flex h-8 items-center gap-1.5 rounded-corner border border-transparent px-3 text-13 text-ink-2 transition-calm hover:text-ink disabled:cursor-not-allowed disabled:text-ink-3 data-[state=checked]:border-line-strong data-[state=checked]:bg-raised data-[state=checked]:font-medium data-[state=checked]:text-ink"
        >
          {segment.icon}
          {segment.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
