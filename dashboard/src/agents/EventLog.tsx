import { ChevronRight } from "lucide-react";
import { useAgentLog } from "../api/use-agent-stream.ts";

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

interface EventLogProps {
  agentId: string;
  /** Shown unfolded at first. */
  open?: boolean;
}

/** What the platform did for this agent, newest last. */
export function EventLog({ agentId, open = false }: EventLogProps) {
  const log = useAgentLog(agentId);
  return (
    <details open={open} data-testid="event-log" className="group text-13">
      <summary className="inline-flex list-none items-center gap-1.5 rounded-corner text-ink-2 transition-calm hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 transition-transform duration-(--quick) group-open:rotate-90" />
        Log
        <span data-figures className="text-ink-3">
          {log.length}
        </span>
      </summary>
      <ol
        data-figures
        className="mt-2 max-h-64 overflow-y-auto rounded-large border border-line bg-code-paper px-3 py-2 font-mono text-12 leading-relaxed"
      >
        {log.length === 0 ? <li className="text-ink-3">Nothing has happened yet.</li> : null}
        {log.map((event) => (
          <li key={event.id} className="flex gap-3">
            <time
              dateTime={new Date(event.atMs).toISOString()}
              title={new Date(event.atMs).toLocaleString()}
              className="shrink-0 text-ink-3"
            >
              {timeFormat.format(event.atMs)}
            </time>
            <span className="min-w-0 text-ink-2">{event.message}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
