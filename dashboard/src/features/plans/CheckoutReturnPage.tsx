import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useAgent } from "../../agents/use-agent.ts";
import { usePlatform } from "../../api/api-context.tsx";
import { billingQuery, checkoutOutcomeQuery } from "../../api/queries.ts";
import { Banner } from "../../components/Banner.tsx";
import { Button, buttonClass } from "../../components/Button.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { useNow } from "../../components/use-now.ts";
import { ASK_FROM_MS, checkoutProgress, type CheckoutStep } from "./checkout-progress.ts";

const BILLING_EVERY_MS = 1_000;
const ASK_EVERY_MS = 5_000;
/** Long enough to see the bar arrive at its end. */
const DONE_PAUSE_MS = 700;

const titles: Record<CheckoutStep, string> = {
  waiting: "Thank you. Your plan is being switched on.",
  active: "Your plan is active.",
  unpaid: "This purchase was not paid.",
  processing: "Your bank is still working on the payment.",
  late: "This takes longer than usual.",
};

/** The way back from Stripe's page: waits for the news of the payment, asks for them when they are late, and goes on. */
export function CheckoutReturnPage() {
  const { api } = usePlatform();
  const { checkout } = useSearch({ from: "/dashboard/plans/return" });
  const navigate = useNavigate();
  const agent = useAgent();
  const [since] = useState(() => Date.now());
  const waitedMs = useNow(250) - since;
  const billing = useQuery({ ...billingQuery(api), refetchInterval: BILLING_EVERY_MS });
  const isActive = typeof billing.data?.tier === "string";
  const outcome = useQuery({
    ...checkoutOutcomeQuery(api, checkout ?? ""),
    enabled: checkout !== undefined && !isActive && waitedMs > ASK_FROM_MS,
    refetchInterval: ASK_EVERY_MS,
  });
  const { step, percent } = checkoutProgress({ isActive, asked: outcome.data?.state ?? null, waitedMs });
  useDocumentTitle(`${titles[step]} · Automna`);

  useEffect(() => {
    if (!isActive || agent === undefined) return undefined;
    const to = agent === null ? "/dashboard/onboarding" : "/dashboard";
    const timer = setTimeout(() => void navigate({ to, replace: true }), DONE_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isActive, agent, navigate]);

  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-[34rem] flex-col px-5 pb-16">
      <main id="main" tabIndex={-1} data-testid="checkout-return" className="grid gap-6 pt-[16vh] outline-none">
        <h1 className="text-28 font-semibold tracking-tight">{titles[step]}</h1>
        {step === "unpaid" ? (
          <Banner
            tone="waiting"
            title="No money was taken."
            action={
              <Link to="/dashboard/plans" className={buttonClass("plain", "small")}>
                Choose a plan
              </Link>
            }
          />
        ) : (
          <>
            <div className="grid gap-2">
              <ProgressBar label="Switching the plan on" percent={percent} halted={step === "late"} />
              <p data-figures aria-live="polite" className="flex justify-between text-13 text-ink-3">
                <span>{words(step)}</span>
                <span aria-hidden>{percent} %</span>
              </p>
            </div>
            {step === "late" || billing.isError ? (
              <Banner
                tone="waiting"
                title={billing.error?.message ?? "Stripe's news of the payment are late."}
                action={
                  <Button
                    size="small"
                    busy={outcome.isFetching}
                    onClick={() => void Promise.all([billing.refetch(), outcome.refetch()])}
                  >
                    Look again
                  </Button>
                }
              >
                Your payment is safe, and this page goes on looking. You can also leave it and come back later.
              </Banner>
            ) : null}
          </>
        )}
      </main>
    </div>
  );
}

function words(step: CheckoutStep): string {
  switch (step) {
    case "active":
      return "Done. Going on.";
    case "processing":
      return "Some ways of paying take a few days..";
    case "waiting":
    case "late":
    case "unpaid":
      return "Paid at Stripe. Waiting for its confirmation, usually 2 s.";
  }
}
