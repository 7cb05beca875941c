import { CircleAlert, Info } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

interface BannerProps {
  tone: "failing" | "waiting";
  title: string;
  children?: ReactNode;
  /** The next step. */
  action?: ReactNode;
}

/** Trouble, its meaning and the next step, at the top of the thing concerned. */
export function Banner({ tone, title, children, action }: BannerProps) {
  const Icon = tone === "failing" ? CircleAlert : Info;
  return (
    <div
      role={tone === "failing" ? "alert" : "status"}
      className={classNames(
        "flex animate-fade flex-wrap gap-x-3 gap-y-2 rounded-large border px-4 py-3 text-14",
        children ? "items-start" : "items-center",
        tone === "failing" ? "border-failing/35 bg-failing-wash" : "border-waiting/35 bg-waiting-wash",
      )}
    >
      <Icon
        aria-hidden
        className={classNames(
          "size-4 shrink-0",
          children ? "mt-0.5" : null,
          tone === "failing" ? "text-failing" : "text-waiting",
        )}
      />
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium text-ink">{title}</p>
        {children ? <div className="mt-0.5 text-ink-2">{children}</div> : null}
      </div>
      {action ? <div className="flex shrink-0 gap-2">{action}</div> : null}
    </div>
  );
}
