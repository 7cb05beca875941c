import type { BillingView } from "@automna/contract/billing";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { usePlatform } from "../../api/api-context.tsx";
import { usePortal } from "../../api/billing-mutations.ts";
import { billingQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { PageFrame, Section } from "../../components/PageFrame.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { CreditPacks } from "./CreditPacks.tsx";
import { CurrentPlan } from "./CurrentPlan.tsx";
import { InvoiceList } from "./InvoiceList.tsx";
import { PlanOffers } from "./PlanOffers.tsx";

/** The plan, what it costs and when, and every change of it. What is owed is said on every page, above this one. */
export function BillingPage() {
  const { api } = usePlatform();
  const billing = useQuery(billingQuery(api));
  useDocumentTitle("Billing · Automna");
  return (
    <PageFrame title="Billing">
      {billing.data ? (
        <>
          {billing.isError ? (
            <Trouble
              title="This could not be brought up to date."
              onRetry={() => void billing.refetch()}
              busy={billing.isFetching}
            />
          ) : null}
          <Billing view={billing.data} />
        </>
      ) : billing.isError ? (
        <Trouble title={billing.error.message} onRetry={() => void billing.refetch()} busy={billing.isFetching} />
      ) : (
        <Skeleton label="Loading your plan" lines={6} />
      )}
    </PageFrame>
  );
}

function Billing({ view }: { view: BillingView }) {
  if (!view.isAvailable)
    return (
      <p data-testid="nothing-sold" className="text-ink-2">
        Nothing is sold here: this installation runs on somebody&rsquo;s own machine, and everything on it is included.
      </p>
    );
  if (view.plan === null)
    return (
      <div className="grid justify-items-start gap-3">
        <p className="text-ink-2">
          You have no plan{view.trialDays > 0 ? `, and can try one for ${view.trialDays} days` : ""}.
        </p>
        <Link to="/dashboard/plans" className={buttonClass("primary")}>
          Choose a plan
        </Link>
      </div>
    );
  return (
    <>
      <CurrentPlan plan={view.plan} />
      <Section
        title="Change plan"
        description="Up at once, for the days that are left. Down when what you paid for is over."
      >
        <PlanOffers offers={view.offers} plan={view.plan} />
      </Section>
      <Section
        title="Credit packs"
        description={
          <>
            Bought once, and they stay until they are used. Overage and everything behind your balance are under{" "}
            <Link to="/dashboard/usage" className="text-ink underline underline-offset-2">
              Usage
            </Link>
            .
          </>
        }
      >
        <CreditPacks pack={view.pack} />
      </Section>
      <Section title="Invoices">
        <InvoiceList />
      </Section>
      <Section
        title="Card and cancelling"
        description="On Stripe's own page. Cancelling keeps the plan until the paid month ends."
      >
        <PortalButton />
      </Section>
    </>
  );
}

function PortalButton() {
  const portal = usePortal();
  return (
    <div className="grid justify-items-start gap-3">
      {portal.isError ? <Banner tone="failing" title={portal.error.message} /> : null}
      <Button busy={portal.isPending || portal.isSuccess} onClick={() => portal.mutate()}>
        Open Stripe
      </Button>
    </div>
  );
}
