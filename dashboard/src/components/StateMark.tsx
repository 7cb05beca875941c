import { CircleAlert, CircleCheck, Hourglass, LoaderCircle, Moon, type LucideIcon } from "lucide-react";
import { classNames } from "./class-names.ts";

export type MarkTone = "ready" | "asleep" | "working" | "waiting" | "failing";

const marks: Record<MarkTone, { Icon: LucideIcon; color: string }> = {
  ready: { Icon: CircleCheck, color: "text-ready" },
  asleep: { Icon: Moon, color: "text-asleep" },
  working: { Icon: LoaderCircle, color: "text-working" },
  waiting: { Icon: Hourglass, color: "text-waiting" },
  failing: { Icon: CircleAlert, color: "text-failing" },
};

interface StateMarkProps {
  tone: MarkTone;
  word: string;
  size?: "small" | "large";
}

/** A state as word, icon and colour together, so that none of them has to be seen alone. */
export function StateMark({ tone, word, size = "small" }: StateMarkProps) {
  const { Icon, color } = marks[tone];
  return (
    <span
      className={classNames(
        "inline-flex items-center whitespace-nowrap",
        color,
        size === "small" ? "gap-1.5 text-13" : "gap-2.5 text-28 font-medium tracking-tight",
      )}
    >
      <Icon
        aria-hidden
        className={classNames(
          "shrink-0",
          size === "small" ? "size-3.5" : "size-7",
          tone === "working" && "animate-spin [animation-duration:1.6s] motion-reduce:animate-none",
        )}
      />
      {word}
    </span>
  );
}
