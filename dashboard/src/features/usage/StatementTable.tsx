import { apiRoutes } from "@automna/contract/api-routes";
import type { Statement } from "@automna/contract/credits";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { usePlatform } from "../../api/api-context.tsx";
import { statementQuery } from "../../api/queries.ts";
import { buttonClass } from "../../components/Button.tsx";
import { PagedEntries } from "../../components/PagedEntries.tsx";
import { formatChange, formatCredits, formatDay } from "./usage-texts.ts";

/** What is behind the balance: each line's balance is the one below it plus its own change. */
export function StatementTable() {
  const { api } = usePlatform();
  const statement = useInfiniteQuery(statementQuery(api));
  return (
    <PagedEntries
      query={statement}
      loading="Loading the statement"
      empty="Nothing yet: your first credits will show here."
      action={
        <a href={apiRoutes.getStatementCsv.path} download className={buttonClass("quiet", "small")}>
          <Download aria-hidden className="size-4" />
          Download as CSV
        </a>
      }
    >
      {(entries) => <Entries entries={entries} />}
    </PagedEntries>
  );
}

function Entries({ entries }: { entries: Statement["entries"] }) {
  return (
    <table data-testid="statement" className="w-full border-collapse text-left text-14">
      <thead className="border-b border-line-strong text-13 text-ink-3">
        <tr>
          <th scope="col" className="hidden py-2 pr-4 font-normal sm:table-cell">
            Date
          </th>
          <th scope="col" className="py-2 pr-4 font-normal">
            What
          </th>
          <th scope="col" className="py-2 pr-4 text-right font-normal">
            Credits
          </th>
          <th scope="col" className="py-2 text-right font-normal">
            Balance
          </th>
        </tr>
      </thead>
      <tbody data-figures>
        {entries.map(({ number, atMs, text, credits, balance }) => (
          <tr key={number} className="border-b border-line align-baseline">
            <td className="hidden py-2.5 pr-4 whitespace-nowrap text-ink-3 sm:table-cell">
              <Day atMs={atMs} />
            </td>
            <td className="py-2.5 pr-4">
              {text}
              <span className="block text-13 text-ink-3 sm:hidden">
                <Day atMs={atMs} />
              </span>
            </td>
            <td className={`py-2.5 pr-4 text-right whitespace-nowrap ${credits > 0 ? "text-ready" : "text-ink-2"}`}>
              {formatChange(credits)}
            </td>
            <td className="py-2.5 text-right whitespace-nowrap">{formatCredits(balance)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Day({ atMs }: { atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
      {formatDay(atMs)}
    </time>
  );
}
