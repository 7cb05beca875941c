import { RadioGroup } from "radix-ui";

interface ToggleChipsProps {
  label: string;
  chips: readonly { value: string; label: string }[];
  /** Null when none of them applies. */
  value: string | null;
  onChange(value: string): void;
}

/** Presets side by side; they wrap rather than shrink. */
export function ToggleChips({ label, chips, value, onChange }: ToggleChipsProps) {
  return (
    <RadioGroup.Root aria-label={label} value={value ?? ""} onValueChange={onChange} className="flex flex-wrap gap-2">
      {chips.map((chip) => (
        <RadioGroup.Item
          key={chip.value}
          value={chip.value}
          className="h-8 rounded-large border border-line-strong px-3 text-13 text-ink-2 transition-calm hover:border-ink-3 hover:text-ink data-[state=checked]:border-accent data-[state=checked]:bg-accent-wash data-[state=checked]:text-ink"
        >
          {chip.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
