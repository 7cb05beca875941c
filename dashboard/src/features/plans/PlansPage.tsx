import type { BillingView } from "@automna/contract/billing";
import type { Tier } from "@automna/core/tiers/catalogue";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { usePlatform } from "../../api/api-context.tsx";
import { useCheckout } from "../../api/billing-mutations.ts";
import { billingQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { Logo } from "../../components/Logo.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatPrice, planLines } from "./plan-lines.ts";

/** Where a plan is chosen and paid for, before the first agent and after a plan ended. */
export function PlansPage() {
  const { api } = usePlatform();
  const billing = useQuery(billingQuery(api));
  const checkout = useCheckout();
  useDocumentTitle("Choose a plan · Automna");
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-[60rem] flex-col px-5 pb-16">
      <header className="flex h-16 items-center justify-between">
        <Link to="/" aria-label="Automna, start page" className="rounded-corner">
          <Logo />
        </Link>
        <Link to="/dashboard" className={buttonClass("quiet", "small")}>
          Dashboard
        </Link>
      </header>
      <main id="main" tabIndex={-1} className="grid gap-8 pt-[6vh] outline-none">
        <div className="grid gap-2">
          <h1 className="text-28 font-semibold tracking-tight">Choose a plan</h1>
          <p className="text-ink-2">You can change or cancel it at any time. Payment is handled by Stripe.</p>
        </div>
        {checkout.isError ? <Banner tone="failing" title={checkout.error.message} /> : null}
        {billing.data ? (
          <Plans
            view={billing.data}
            chosen={checkout.isPending || checkout.isSuccess ? checkout.variables : null}
            onChoose={(tier) => checkout.mutate(tier)}
          />
        ) : billing.isError ? (
          <Trouble title={billing.error.message} onRetry={() => void billing.refetch()} busy={billing.isFetching} />
        ) : (
          <Skeleton label="Loading the plans" lines={6} />
        )}
      </main>
    </div>
  );
}

function Plans({ view, chosen, onChoose }: { view: BillingView; chosen: Tier | null; onChoose(tier: Tier): void }) {
  if (!view.isAvailable)
    return (
      <Banner
        tone="waiting"
        title="Nothing is sold here."
        action={
          <Link to="/dashboard" className={buttonClass("plain", "small")}>
            Go on
          </Link>
        }
      >
        This installation is somebody's own machine: everything on it is free.
      </Banner>
    );
  if (view.tier !== null)
    return (
      <Banner
        tone="waiting"
        title="You have a plan."
        action={
          <Link to="/dashboard" className={buttonClass("plain", "small")}>
            Go on
          </Link>
        }
      />
    );
  return (
    <ul data-testid="plans" className="grid gap-4 sm:grid-cols-2">
      {view.offers.map(({ tier, label, priceCents }) => (
        <li key={tier} className="grid content-start gap-4 rounded-large border border-line bg-raised p-5">
          <div className="flex items-baseline justify-between gap-3">
            <h2 className="text-16 font-semibold">{label}</h2>
            <p data-figures>
              <span className="text-20 font-semibold">{formatPrice(priceCents)}</span>{" "}
              <span className="text-13 text-ink-3">per month</span>
            </p>
          </div>
          <ul className="grid gap-1.5 text-14 text-ink-2">
            {planLines(tier).map((line) => (
              <li key={line} className="flex gap-2">
                <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ready" />
                {line}
              </li>
            ))}
          </ul>
          <Button
            look="primary"
            className="mt-auto"
            busy={chosen === tier}
            disabled={chosen !== null && chosen !== tier}
            onClick={() => onChoose(tier)}
          >
            Choose {label}
          </Button>
        </li>
      ))}
    </ul>
  );
}
