import { useQuery } from "@tanstack/react-query";
import { customerEventsQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { formatMoment } from "./admin-texts.ts";

/** What happened to the customer's agents. */
export function EventsTab({ userId }: { userId: string }) {
  const { api } = usePlatform();
  const events = useQuery(customerEventsQuery(api, userId));
  if (events.isPending) return <Skeleton label="Loading the events" />;
  if (events.data === undefined)
    return (
      <Trouble
        title={events.error?.message ?? "Events could not be had."}
        onRetry={() => void events.refetch()}
        busy={events.isFetching}
      />
    );
  if (events.data.events.length === 0) return <p className="text-ink-3">Nothing has happened yet.</p>;
  return (
    <ol className="grid divide-y divide-line border-y border-line">
      {events.data.events.map(({ id, atMs, message, type, phase, agentId }) => (
        <li key={id} className="grid gap-x-6 py-2.5 sm:grid-cols-[10rem_1fr]">
          <span className="text-13 text-ink-3">{formatMoment(atMs)}</span>
          <span>
            {message}
            <span className="block text-13 text-ink-3">
              {type}, {phase} <code className="font-mono text-12 break-all">{agentId}</code>
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
