import { useInfiniteQuery } from "@tanstack/react-query";
import { customerStatementQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { PagedEntries } from "../../components/PagedEntries.tsx";
import { formatMoment } from "./admin-texts.ts";

/** The customer's ledger as it stands, newest first. */
export function LedgerTab({ userId }: { userId: string }) {
  const { api } = usePlatform();
  const statement = useInfiniteQuery(customerStatementQuery(api, userId));
  return (
    <PagedEntries query={statement} loading="Loading the ledger" empty="Nothing in the ledger yet.">
      {(entries) => (
        <ol className="grid divide-y divide-line border-y border-line" data-figures>
          {entries.map(({ number, atMs, text, credits, balance }) => (
            <li key={number} className="grid grid-cols-[1fr_auto] gap-x-6 py-2.5 sm:grid-cols-[10rem_1fr_auto_6rem]">
              <span className="text-13 text-ink-3 max-sm:order-3">{formatMoment(atMs)}</span>
              <span>{text}</span>
              <span className={`text-right ${credits > 0 ? "text-ready" : "text-ink-2"}`}>
                {credits > 0 ? "+" : ""}
                {credits.toLocaleString("en")}
              </span>
              <span className="text-right text-13 text-ink-3 max-sm:order-4">{balance.toLocaleString("en")}</span>
            </li>
          ))}
        </ol>
      )}
    </PagedEntries>
  );
}
