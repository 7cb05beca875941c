import { TextField } from "../../components/Field.tsx";
import { SegmentedControl } from "../../components/SegmentedControl.tsx";

export interface ActionFieldWords {
  name: string;
  label: string;
  hint?: string;
  initial: string;
  /** Without them it is written. */
  choices?: readonly { value: string; label: string }[];
  /** Words rather than a number. */
  isText?: boolean;
}

interface ActionFieldProps {
  field: ActionFieldWords;
  value: string;
  onChange(value: string): void;
}

/** One field of an operator's action: written, or chosen from a few. */
export function ActionField({ field, value, onChange }: ActionFieldProps) {
  const { label, hint, choices, isText = false } = field;
  if (choices === undefined)
    return (
      <TextField
        label={label}
        hint={hint}
        inputMode={isText ? "text" : "decimal"}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  return (
    <div className="grid gap-1.5">
      <p className="text-13 font-medium">{label}</p>
      <div>
        <SegmentedControl label={label} segments={choices} value={value} onChange={onChange} />
      </div>
      {hint === undefined ? null : <p className="text-13 text-ink-3">{hint}</p>}
    </div>
  );
}
