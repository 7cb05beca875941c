import type { ReferralsView } from "@automna/contract/referrals";

type Referral = ReferralsView["referrals"][number];

const reasons: Readonly<Record<string, string>> = {
  self: "that was you",
  same_email: "the same mailbox as before",
  too_late: "the account was there before",
  network_cluster: "too many from one place",
  same_card: "a card that is known already",
  monthly_cap: "the month's limit is reached",
};

/** What became of somebody who came through the link. */
export function referralWords(state: Referral["state"], reason: string | null, credits: number): string {
  const amount = `${credits.toLocaleString("en-US")} credits`;
  switch (state) {
    case "waiting":
      return "Has not paid for a plan yet";
    case "earned":
      return `${amount} on their way`;
    case "credited":
      return `${amount} for you`;
    case "reversing":
    case "reversed":
      return "Their payment went back, and the credits with it";
    case "refused":
      return `Does not count: ${reasons[reason ?? ""] ?? "it broke a rule"}`;
  }
}
