import type { customerAuditSchema } from "@automna/contract/admin";
import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { customerAuditQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { changesBetween, formatMoment } from "./admin-texts.ts";

type Entry = z.infer<typeof customerAuditSchema>["entries"][number];

/** Who did what and why: operators, the customer, the platform. Nothing here can be changed. */
export function AuditTab({ userId }: { userId: string }) {
  const { api } = usePlatform();
  const audit = useQuery(customerAuditQuery(api, userId));
  if (audit.isPending) return <Skeleton label="Loading the audit" />;
  if (audit.data === undefined)
    return (
      <Trouble
        title={audit.error?.message ?? "The audit could not be had."}
        onRetry={() => void audit.refetch()}
        busy={audit.isFetching}
      />
    );
  if (audit.data.entries.length === 0) return <p className="text-ink-3">Nothing was done yet.</p>;
  return (
    <ol data-testid="audit" className="grid divide-y divide-line border-y border-line">
      {audit.data.entries.map((entry) => (
        <AuditRow key={`${entry.isOperator ? "operator" : "other"} ${entry.id}`} entry={entry} userId={userId} />
      ))}
    </ol>
  );
}

function AuditRow({ entry, userId }: { entry: Entry; userId: string }) {
  const changes = entry.isOperator ? changesBetween(entry.before, entry.after) : [];
  return (
    <li className="grid gap-x-6 gap-y-1 py-3 sm:grid-cols-[10rem_1fr]">
      <span className="text-13 text-ink-3">{formatMoment(entry.atMs)}</span>
      <div className="grid min-w-0 gap-1">
        <p>
          <span className="font-medium">{entry.action}</span>
          <span className="text-ink-2"> by {actorOf(entry, userId)}</span>
        </p>
        {entry.reason === null ? null : <p className="text-ink-2">“{entry.reason}”</p>}
        {isEmpty(entry.input) ? null : (
          <p className="font-mono text-12 break-all text-ink-3">{JSON.stringify(entry.input)}</p>
        )}
        {entry.after === null ? (
          <p className="text-13 text-failing">Cut short. The same action again, from the same dialog, finishes it.</p>
        ) : null}
        {changes.map((change) => (
          <p key={change} className="text-13 break-all text-ink-2">
            {change}
          </p>
        ))}
      </div>
    </li>
  );
}

function actorOf({ actorId, isOperator }: Entry, userId: string): string {
  if (isOperator) return `operator ${actorId ?? ""}`;
  return actorId === null ? "the platform" : actorId === userId ? "the customer or for them" : actorId;
}

function isEmpty(input: unknown): boolean {
  return typeof input !== "object" || input === null || Object.keys(input).length === 0;
}
