import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { usePlatform } from "../api/api-context.tsx";
import { usePortal } from "../api/billing-mutations.ts";
import { accountDeletionQuery, billingQuery } from "../api/queries.ts";
import { Banner } from "../components/Banner.tsx";
import { Button, buttonClass } from "../components/Button.tsx";
import { formatDay } from "../components/relative-time.ts";
import { paymentNotice, type Remedy } from "./payment-notice.ts";

/** Money that is owed, a plan that ended, an account that ends: on every page, with what helps. */
export function PaymentBanner() {
  const { api } = usePlatform();
  const billing = useQuery(billingQuery(api));
  const account = useQuery(accountDeletionQuery(api));
  if (billing.data === undefined || account.data === undefined) return null;
  const notice = paymentNotice(billing.data, account.data, formatDay);
  if (notice === null) return null;
  return (
    <div data-testid="payment-banner" className="px-5 pt-4 sm:px-8">
      <Banner tone={notice.tone} title={notice.title} action={<RemedyButton remedy={notice.remedy} />}>
        {notice.text}
      </Banner>
    </div>
  );
}

function RemedyButton({ remedy }: { remedy: Remedy }) {
  const portal = usePortal();
  switch (remedy) {
    case "card":
      return (
        <Button size="small" busy={portal.isPending} onClick={() => portal.mutate()}>
          {portal.isError ? "Try again" : "Update card"}
        </Button>
      );
    case "plans":
      return (
        <Link to="/dashboard/plans" className={buttonClass("plain", "small")}>
          Choose a plan
        </Link>
      );
    case "settings":
      return (
        <Link to="/dashboard/settings" className={buttonClass("plain", "small")}>
          Settings
        </Link>
      );
  }
}
