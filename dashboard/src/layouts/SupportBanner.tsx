import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../api/api-context.tsx";
import { supportAccessQuery, useEndSupportAccess } from "../api/support-access.ts";
import { Banner } from "../components/Banner.tsx";
import { Button } from "../components/Button.tsx";
import { useNow } from "../components/use-now.ts";

/** Says on every page that support may look at what is the customer's, why and until when, with the way to end it. */
export function SupportBanner() {
  const { api } = usePlatform();
  const { data } = useQuery(supportAccessQuery(api));
  const end = useEndSupportAccess();
  const now = useNow(20_000);
  const access = data?.access ?? null;
  if (access === null || access.endsAtMs <= now) return null;
  const until = new Date(access.endsAtMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return (
    <div data-testid="support-banner" className="shrink-0 px-4 pt-3">
      <Banner
        tone="waiting"
        title={`Automna support may look at your agent until ${until}.`}
        action={
          <Button size="small" busy={end.isPending} onClick={() => end.mutate()}>
            End access now
          </Button>
        }
      >
        <p>Why: {access.reason}</p>
        {end.isError ? (
          <p role="alert" className="text-failing">
            {end.error.message}
          </p>
        ) : null}
      </Banner>
    </div>
  );
}
