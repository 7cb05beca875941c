import { Check } from "lucide-react";
import { Checkbox } from "radix-ui";
import { useId } from "react";

interface CheckGroupProps<Value extends string> {
  label: string;
  choices: readonly { value: Value; label: string; description: string }[];
  value: readonly Value[];
  error?: string | undefined;
  onChange(value: Value[]): void;
}

/** A few choices of which any number may be taken. */
export function CheckGroup<Value extends string>({ label, choices, value, error, onChange }: CheckGroupProps<Value>) {
  const id = useId();
  return (
    <fieldset className="grid gap-2" aria-describedby={error === undefined ? undefined : `${id}-note`}>
      <legend className="mb-1.5 text-13 font-medium text-ink">{label}</legend>
      {choices.map((choice) => (
        <div key={choice.value} className="flex items-start gap-3">
          <Checkbox.Root
            id={`${id}-${choice.value}`}
            checked={value.includes(choice.value)}
            onCheckedChange={(checked) => {
              const others = value.filter((one) => one !== choice.value);
              onChange(checked === true ? [...others, choice.value] : others);
            }}
            className="mt-0.5 flex size-4.5 shrink-0 items-center justify-center rounded-corner border border-edge bg-raised data-[state=checked]:border-accent data-[state=checked]:bg-accent"
          >
            <Checkbox.Indicator>
              <Check aria-hidden className="size-3.5 text-accent-ink" />
            </Checkbox.Indicator>
          </Checkbox.Root>
          <label htmlFor={`${id}-${choice.value}`} className="text-14 text-ink">
            {choice.label}
            <span className="block text-13 text-ink-2">{choice.description}</span>
          </label>
        </div>
      ))}
      {error === undefined ? null : (
        <p id={`${id}-note`} role="alert" className="text-13 text-failing">
          {error}
        </p>
      )}
    </fieldset>
  );
}
