import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { classNames } from "./class-names.ts";

type Look = "primary" | "plain" | "quiet" | "danger";

const base =
  "inline-flex select-none items-center justify-center gap-2 rounded-corner text-14 font-medium transition-calm " +
  "disabled:cursor-not-allowed disabled:opacity-45 aria-disabled:cursor-not-allowed aria-disabled:opacity-45";

const looks: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-strong",
  plain: "border border-line-strong bg-raised text-ink hover:border-ink-3 hover:bg-surface",
  quiet: "text-ink-2 hover:bg-surface hover:text-ink",
  danger: "border border-failing bg-transparent text-failing hover:bg-failing-wash",
};

const sizes = { small: "h-8 px-2.5 text-13", normal: "h-9 px-3.5", large: "h-11 px-5 text-16" } as const;

/** The look of a button, for links that act like one. */
export function buttonClass(look: Look = "plain", size: keyof typeof sizes = "normal", extra?: string): string {
  return classNames(base, looks[look], sizes[size], extra);
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  size?: keyof typeof sizes;
  /** Shows that it is at work; it can't be pressed again meanwhile. */
  busy?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look, size, busy = false, icon, className, children, onClick, type, ...rest }: ButtonProps) {
  return (
    <button
      type={type ?? "button"}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={buttonClass(look, size, className)}
      {...rest}
    >
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-spin motion-reduce:animate-none" /> : icon}
      {children}
    </button>
  );
}
