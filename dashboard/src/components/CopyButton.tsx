import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { classNames } from "./class-names.ts";

const SHOWN_MS = 2_000;

/** Copies a text and says so; says so too when the browser refuses. */
export function CopyButton({ text, className }: { text: string; className?: string }) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (outcome === null) return undefined;
    const timer = setTimeout(() => setOutcome(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  function copy(): void {
    navigator.clipboard.writeText(text).then(
      () => setOutcome("copied"),
      () => setOutcome("refused"),
    );
  }

  const label = outcome === null ? "Copy" : outcome === "copied" ? "Copied!" : "Copying is not allowed here";
  return (
    <button
      type="button"
      onClick={copy}
      className={classNames(
        "inline-flex h-7 items-center gap-1.5 rounded-corner px-2 text-12 text-ink-3 transition-calm hover:bg-surface hover:text-ink",
        className,
      )}
    >
      {outcome === "copied" ? (
        <Check aria-hidden className="size-3.5 text-ready" />
      ) : (
        <Copy aria-hidden className="size-3.5" />
      )}
      <span aria-live="polite">{label}</span>
    </button>
  );
}
