import type { SweepReportView } from "@automna/contract/admin-cells";
import { useQuery } from "@tanstack/react-query";
import { cellsQuery, sweepsQuery } from "../../api/cells.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StateMark } from "../../components/StateMark.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { CellActionDialog } from "./CellActionDialog.tsx";
import { findingWords, outcomeMarks, sweepSummary } from "./cell-texts.ts";
import { Loaded } from "./Loaded.tsx";

/** What sweeps found that has no owner, or is missing to one, and what they did. */
export function SweepsPage() {
  const { api } = usePlatform();
  const sweeps = useQuery(sweepsQuery(api));
  const cells = useQuery(cellsQuery(api));
  useDocumentTitle("Sweeps · Automna operators");
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-20 font-semibold tracking-tight">Sweeps for orphans</h1>
        <div className="flex flex-wrap gap-2">
          {cells.data?.cells.map(({ id }) => (
            <CellActionDialog key={id} type="request_dry_run" subject={{ cellId: id }} what={`cell ${id}`} />
          ))}
        </div>
      </div>
      <Loaded query={sweeps} label="Loading the reports">
        {({ reports }) =>
          reports.length === 0 ? (
            <p className="text-ink-2">No sweep has run yet.</p>
          ) : (
            <ol data-testid="sweep-reports" className="grid divide-y divide-line border-y border-line">
              {reports.map((report) => (
                <Report key={report.id} report={report} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </>
  );
}

function Report({ report }: { report: SweepReportView }) {
  const { cellId, isDryRun, requestedAtMs, lastAtMs, findings } = report;
  return (
    <li className="grid gap-x-6 gap-y-2 py-3 sm:grid-cols-[10rem_minmax(0,1fr)]">
      <span className="text-13 text-ink-3">
        <RelativeTime atMs={lastAtMs ?? requestedAtMs} ago />
        <span className="block">
          {cellId}
          {isDryRun ? ", dry run" : ""}
        </span>
      </span>
      <div className="grid min-w-0 gap-2">
        <p>{sweepSummary(report)}</p>
        {findings.length === 0 ? null : (
          <ul className="grid gap-2">
            {findings.map(({ kind, slotId, nodeId, agentId, outcome, error }) => (
              <li key={`${kind} ${slotId}`} className="grid gap-0.5 text-13">
                <span className="flex flex-wrap items-center gap-x-3">
                  <StateMark {...outcomeMarks[outcome]} />
                  <span className="text-ink-2">
                    {findingWords[kind]}
                    {error === undefined ? "" : `: ${error}`}
                  </span>
                </span>
                <span className="font-mono text-12 break-all text-ink-3">
                  {[slotId, nodeId, agentId].filter((id) => id !== null).join(" · ")}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}
