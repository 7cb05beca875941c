import type { ReactNode } from "react";
import { Banner } from "./Banner.tsx";
import { Button } from "./Button.tsx";

/** Grey lines in the shape of what is coming. Appears late: a fast answer never flickers. */
export function Skeleton({ label, lines = 4 }: { label: string; lines?: number }) {
  const widths = ["w-2/5", "w-full", "w-11/12", "w-3/5"];
  return (
    <div
      role="status"
      aria-label={label}
      data-testid="loading"
      className="grid animate-fade gap-3 [animation-delay:200ms]"
    >
      {Array.from({ length: lines }, (_line, index) => (
        <div key={index} className={`h-4 animate-breathe rounded-corner bg-line ${widths[index % widths.length]}`} />
      ))}
    </div>
  );
}

interface TroubleProps {
  title: string;
  children?: ReactNode;
  onRetry(): void;
  busy?: boolean;
}

/** What takes the place of a view that could not be loaded. */
export function Trouble({ title, children, onRetry, busy = false }: TroubleProps) {
  return (
    <Banner
      tone="failing"
      title={title}
      action={
        <Button size="small" busy={busy} onClick={onRetry}>
          Try again
        </Button>
      }
    >
      {children}
    </Banner>
  );
}
