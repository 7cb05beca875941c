import type { CustomerView } from "@automna/contract/admin";
import { isAppError } from "@automna/core/shared/app-error";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { customerQuery } from "../../api/admin.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { Banner } from "../../components/Banner.tsx";
import { buttonClass } from "../../components/Button.tsx";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatMoment, stateWords } from "./admin-texts.ts";
import { AuditTab } from "./AuditTab.tsx";
import { EventsTab } from "./EventsTab.tsx";
import { LedgerTab } from "./LedgerTab.tsx";
import { OverviewTab } from "./OverviewTab.tsx";

const tabs = [
  { value: "overview", label: "Overview" },
  { value: "ledger", label: "Ledger" },
  { value: "events", label: "Events" },
  { value: "audit", label: "Audit" },
] as const;

export function CustomerPage() {
  const { userId } = useParams({ from: "/admin/customers/$userId" });
  const { api } = usePlatform();
  const customer = useQuery(customerQuery(api, userId));
  useDocumentTitle(`${customer.data?.user.email ?? "Customer"} · Automna operators`);
  if (customer.data) return <Customer view={customer.data} />;
  if (customer.isPending) return <Skeleton label="Loading the customer" lines={6} />;
  if (isAppError(customer.error, "customer_not_found") || isAppError(customer.error, "invalid_request"))
    return (
      <div className="grid justify-items-start gap-4">
        <h1 className="text-20 font-semibold">There is no such customer.</h1>
        <Link to="/admin" className={buttonClass("plain")}>
          Look for another
        </Link>
      </div>
    );
  return <Trouble title={customer.error.message} onRetry={() => void customer.refetch()} busy={customer.isFetching} />;
}

function Customer({ view }: { view: CustomerView }) {
  const { user, suspension } = view;
  return (
    <>
      <div className="grid gap-2">
        <h1 className="text-20 font-semibold tracking-tight break-all">{user.email}</h1>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13 text-ink-2">
          {user.name === "" ? null : <span>{user.name}</span>}
          <span>{stateWords[user.state]}</span>
          <span>since {formatMoment(user.createdAtMs)}</span>
          <span className="flex items-center gap-1">
            <code className="font-mono text-12 break-all">{user.id}</code>
            <CopyButton text={user.id} />
          </span>
        </p>
      </div>
      {suspension === null ? null : (
        <Banner tone="failing" title={`Suspended since ${formatMoment(suspension.atMs)}.`}>
          {suspension.reason}
        </Banner>
      )}
      <Tabs.Root defaultValue="overview" className="grid gap-6">
        <Tabs.List aria-label="Of this customer" className="flex gap-1 overflow-x-auto border-b border-line">
          {tabs.map(({ value, label }) => (
            <Tabs.Trigger
              key={value}
              value={value}
              className="-mb-px border-b-2 border-transparent px-3 py-2 text-14 text-ink-2 transition-calm hover:text-ink data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="overview">
          <OverviewTab view={view} />
        </Tabs.Content>
        <Tabs.Content value="ledger">
          <LedgerTab userId={user.id} />
        </Tabs.Content>
        <Tabs.Content value="events">
          <EventsTab userId={user.id} />
        </Tabs.Content>
        <Tabs.Content value="audit">
          <AuditTab userId={user.id} />
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}
