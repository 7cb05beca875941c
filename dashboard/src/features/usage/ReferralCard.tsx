import type { ReferralsView } from "@automna/contract/referrals";
import { useQuery } from "@tanstack/react-query";
import { usePlatform } from "../../api/api-context.tsx";
import { referralsQuery } from "../../api/queries.ts";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Skeleton, Trouble } from "../../components/PageState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { referralWords } from "./referral-words.ts";

/** The customer's own link, and what came of it. */
export function ReferralCard() {
  const { api } = usePlatform();
  const referrals = useQuery(referralsQuery(api));
  if (referrals.data) return <Referrals view={referrals.data} />;
  return referrals.isError ? (
    <Trouble title={referrals.error.message} onRetry={() => void referrals.refetch()} busy={referrals.isFetching} />
  ) : (
    <Skeleton label="Loading your link" lines={2} />
  );
}

function Referrals({ view }: { view: ReferralsView }) {
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex items-center gap-2 rounded-corner border border-line bg-surface py-1 pl-3 pr-1">
        <span data-testid="referral-link" title={view.link} className="min-w-0 flex-1 truncate font-mono text-13">
          {view.link}
        </span>
        <CopyButton text={view.link} />
      </div>
      {view.referrals.length === 0 ? (
        <p className="text-ink-2">Nobody has come through it yet.</p>
      ) : (
        <ul className="divide-y divide-line border-y border-line">
          {view.referrals.map(({ joinedAtMs, state, reason }) => (
            <li key={joinedAtMs} data-figures className="flex flex-wrap justify-between gap-x-4 py-2">
              <span className="text-ink-2">
                Joined <RelativeTime atMs={joinedAtMs} ago />
              </span>
              <span>{referralWords(state, reason, view.creditsEach)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
