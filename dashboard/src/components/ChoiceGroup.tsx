import { RadioGroup } from "radix-ui";
import type { ReactNode } from "react";

export interface Choice<Value extends string> {
  value: Value;
  label: string;
  description?: ReactNode;
}

interface ChoiceGroupProps<Value extends string> {
  label: string;
  choices: readonly Choice<Value>[];
  value: Value;
  onChange(value: Value): void;
}

/** A few exclusive choices that each need a sentence. */
export function ChoiceGroup<Value extends string>({ label, choices, value, onChange }: ChoiceGroupProps<Value>) {
  function pick(next: string): void {
    const choice = choices.find((one) => one.value === next);
    if (choice !== undefined) onChange(choice.value);
  }
  return (
    <RadioGroup.Root aria-label={label} value={value} onValueChange={pick} className="grid gap-2">
      {choices.map((choice) => (
        <RadioGroup.Item
          key={choice.value}
          value={choice.value}
          className="group flex items-start gap-3 rounded-large border border-line bg-raised p-3.5 text-left transition-calm hover:border-line-strong data-[state=checked]:border-accent data-[state=checked]:bg-accent-wash"
        >
          <span className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-edge bg-paper group-data-[state=checked]:border-accent">
            <RadioGroup.Indicator className="size-2 rounded-full bg-accent" />
          </span>
          <span className="min-w-0">
            <span className="block font-medium text-ink">{choice.label}</span>
            {choice.description ? <span className="mt-0.5 block text-13 text-ink-2">{choice.description}</span> : null}
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
