import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes } from "react";
import { classNames } from "./class-names.ts";

const control =
  "w-full rounded-corner border bg-raised px-3 text-16 sm:text-14 text-ink transition-calm placeholder:text-ink-3 " +
  "hover:border-ink-3 focus:outline-2 focus:-outline-offset-1 focus:outline-accent disabled:opacity-55";

interface FieldFrame {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
}

function Frame({ label, hint, error, optional, id, children }: FieldFrame & { id: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="flex items-baseline justify-between gap-3 text-13 font-medium text-ink">
        {label}
        {optional ? <span className="font-normal text-ink-3">Optional</span> : null}
      </label>
      {children}
      {error ? (
        <p id={`${id}-note`} role="alert" className="text-13 text-failing">
          {error}
        </p>
      ) : hint ? (
        <p id={`${id}-note`} className="text-13 text-ink-3">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

type TextFieldProps = FieldFrame &
  InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement>; trailing?: ReactNode };

export function TextField({ label, hint, error, optional, trailing, className, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional ?? false}>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error !== undefined}
          aria-describedby={error || hint ? `${id}-note` : undefined}
          className={classNames(
            control,
            "h-10",
            error ? "border-failing" : "border-edge",
            trailing ? "pr-11" : null,
            className,
          )}
          {...rest}
        />
        {trailing ? <span className="absolute inset-y-0 right-1 flex items-center">{trailing}</span> : null}
      </div>
    </Frame>
  );
}

type TextAreaFieldProps = FieldFrame &
  TextareaHTMLAttributes<HTMLTextAreaElement> & {
    ref?: Ref<HTMLTextAreaElement>;
    /** Between the label and the box: ways to fill it. */
    above?: ReactNode;
  };

export function TextAreaField({ label, hint, error, optional, above, className, ...rest }: TextAreaFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional ?? false}>
      {above}
      <textarea
        id={id}
        aria-invalid={error !== undefined}
        aria-describedby={error || hint ? `${id}-note` : undefined}
        className={classNames(
          control,
          "min-h-28 resize-y py-2 leading-normal",
          error ? "border-failing" : "border-edge",
          className,
        )}
        {...rest}
      />
    </Frame>
  );
}
