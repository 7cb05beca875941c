import { useQuery } from "@tanstack/react-query";
import { customerPaymentsQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { ActionDialog } from "./ActionDialog.tsx";
import { formatCents, formatMoment } from "./admin-texts.ts";

/** What was paid, each with its refund. */
export function Payments({ userId, customer }: { userId: string; customer: string }) {
  const { api } = usePlatform();
  const paid = useQuery(customerPaymentsQuery(api, userId));
  if (paid.isPending) return <Skeleton label="Asking Stripe for payments" lines={2} />;
  if (paid.data === undefined)
    return (
      <Trouble
        title={paid.error?.message ?? "Payments could not be had."}
        onRetry={() => void paid.refetch()}
        busy={paid.isFetching}
      />
    );
  if (paid.data.payments.length === 0) return <p className="text-ink-3">Nothing was paid yet.</p>;
  return (
    <ul className="grid divide-y divide-line border-y border-line" data-figures>
      {paid.data.payments.map(({ invoiceId, number, atMs, paidCents, currency }) => (
        <li key={invoiceId} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-2.5">
          <span>
            {formatCents(paidCents, currency)}
            <span className="block text-13 text-ink-2">
              {formatMoment(atMs)} · <code className="font-mono text-12">{number ?? invoiceId}</code>
            </span>
          </span>
          <ActionDialog
            type="refund"
            userId={userId}
            customer={customer}
            preset={{ invoiceId, amount: (paidCents / 100).toFixed(2) }}
          />
        </li>
      ))}
    </ul>
  );
}
