import { useId, type ReactNode } from "react";

/** A page beside the rail: title on top, one column that nothing in it can widen, its own scroll. */
export function PageFrame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-column grid-cols-1 gap-10 px-5 pb-16 pt-8 sm:px-8 sm:pt-12">
        <h1 className="text-20 font-semibold tracking-tight">{title}</h1>
        {children}
      </div>
    </div>
  );
}

interface SectionProps {
  title: string;
  description?: ReactNode;
  id?: string;
  children: ReactNode;
}

export function Section({ title, description, id, children }: SectionProps) {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId} id={id} className="grid scroll-mt-8 grid-cols-1 gap-4 border-t border-line pt-6">
      <div className="grid gap-1">
        <h2 id={titleId} className="text-14 font-semibold">
          {title}
        </h2>
        {description ? <p className="max-w-[36rem] text-ink-2">{description}</p> : null}
      </div>
      {children}
    </section>
  );
}
