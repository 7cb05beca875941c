import type { Invoices } from "@automna/contract/billing";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { usePlatform } from "../../api/api-context.tsx";
import { invoicesQuery } from "../../api/queries.ts";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { formatDay } from "../../components/relative-time.ts";
import { formatMoney, invoiceStatus } from "./billing-texts.ts";

/** Newest first, as Stripe has them. */
export function InvoiceList() {
  const { api } = usePlatform();
  const invoices = useQuery(invoicesQuery(api));
  if (invoices.isPending) return <Skeleton label="Loading your invoices" />;
  const trouble = invoices.isError ? (
    <Trouble title={invoices.error.message} onRetry={() => void invoices.refetch()} busy={invoices.isFetching} />
  ) : null;
  const list = invoices.data?.invoices ?? [];
  if (list.length === 0) return trouble ?? <p className="text-ink-3">None yet.</p>;
  return (
    <div className="grid gap-4">
      {trouble}
      <ul data-testid="invoices" data-figures className="-my-2.5 text-14">
        {list.map((invoice) => (
          <InvoiceRow key={invoice.id} invoice={invoice} />
        ))}
      </ul>
    </div>
  );
}

function InvoiceRow({ invoice }: { invoice: Invoices["invoices"][number] }) {
  const { number, atMs, amountCents, currency, status, url, pdfUrl } = invoice;
  const title = `Invoice of ${formatDay(atMs)}`;
  return (
    <li className="flex items-baseline gap-4 border-b border-line py-2.5 last:border-0">
      <span className="min-w-0 flex-1">
        {url === null ? (
          formatDay(atMs)
        ) : (
          <a href={url} target="_blank" rel="noreferrer" className="underline-offset-2 hover:underline">
            {formatDay(atMs)}
          </a>
        )}
        {number === null ? null : <span className="ml-2 text-13 text-ink-3 max-sm:hidden">{number}</span>}
      </span>
      <span className={status === "open" ? "text-failing" : "text-ink-3"}>{invoiceStatus(status)}</span>
      <span className="w-20 text-right">{formatMoney(amountCents, currency)}</span>
      {pdfUrl === null ? (
        <span className="size-4" />
      ) : (
        <a
          href={pdfUrl}
          aria-label={`${title} as PDF`}
          title={`${title} as PDF`}
          className="self-center text-ink-3 hover:text-ink"
        >
          <Download aria-hidden className="size-4" />
        </a>
      )}
    </li>
  );
}
