import type { CreatedApiKey } from "@automna/contract/api-keys";
import { useEffect, useRef } from "react";
import { Button } from "../../components/Button.tsx";
import { CopyButton } from "../../components/CopyButton.tsx";

/** The one time that a key is shown whole. */
export function NewApiKey({ made, onDone }: { made: CreatedApiKey; onDone(): void }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <section
      aria-labelledby="new-api-key"
      className="grid animate-fade gap-3 rounded-large border border-accent bg-accent-wash p-4"
    >
      <h3 id="new-api-key" ref={title} tabIndex={-1} className="font-medium outline-none">
        Copy “{made.key.name}” now
      </h3>
      <p className="text-ink-2">It is not kept here: once you leave, nobody can show it again.</p>
      <div className="flex flex-wrap items-center gap-2">
        <code
          data-testid="new-api-key"
          className="min-w-0 rounded-corner border border-line bg-raised px-3 py-2 font-mono text-13 break-all"
        >
          {made.secret}
        </code>
        <CopyButton text={made.secret} className="text-ink-2" />
      </div>
      <div>
        <Button size="small" onClick={onDone}>
          I have kept it
        </Button>
      </div>
    </section>
  );
}
