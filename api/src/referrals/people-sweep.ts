import { MINUTE_MS } from "@automna/core/shared/clock";
import { runEvery } from "@automna/service-kit/run-every";
import { settleReferrals, type SettleReferralDeps } from "./settle-referrals.ts";
import { forgetUnconfirmed } from "../waitlist/waitlist-entries.ts";

/** Settles referrals and forgets unconfirmed addresses, each minute. Answers how to stop it; that waits for what is under way. */
export function startPeopleSweep(
  deps: SettleReferralDeps,
  { everyMs = MINUTE_MS }: { everyMs?: number } = {},
): () => Promise<void> {
  const { db, log, now } = deps;
  const sweep = async (): Promise<void> => {
    const referrals = await settleReferrals(deps);
    const forgotten = await forgetUnconfirmed(db, new Date(now()));
    if (referrals + forgotten > 0) log.info({ referrals, forgotten }, "referrals and waitlist swept");
  };
  return runEvery({ name: "people", everyMs, log, work: sweep });
}
