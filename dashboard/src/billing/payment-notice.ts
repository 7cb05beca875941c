import type { BillingView } from "@automna/contract/billing";
import type { AccountDeletionView } from "@automna/contract/identity";
import { errorCatalogue } from "@automna/contract/error-catalogue";

/** What helps: Stripe's page for cards, the choice of plans, or the settings. */
export type Remedy = "card" | "plans" | "settings";

export interface PaymentNotice {
  tone: "failing" | "waiting";
  title: string;
  text: string;
  remedy: Remedy;
}

type Facts = Pick<BillingView, "dunning" | "deadlineMs" | "refusal">;

/** What a customer has to know about money or the end of the account, on every page; null = nothing. */
export function paymentNotice(
  { dunning, deadlineMs, refusal }: Facts,
  { deletion }: AccountDeletionView,
  formatDay: (ms: number) => string,
): PaymentNotice | null {
  const until = deadlineMs === null ? null : formatDay(deadlineMs);
  if (deletion !== null)
    return {
      tone: "failing",
      title: "Your account is being deleted.",
      text: `Your agent is stopped. Everything is erased on ${formatDay(deletion.eraseAtMs)}.`,
      remedy: "settings",
    };
  if (refusal === "payment_failed" || dunning === "grace")
    return {
      tone: dunning === "grace" ? "waiting" : "failing",
      title: errorCatalogue.payment_failed.message,
      text:
        dunning === "grace"
          ? `It runs on${until === null ? "" : ` until ${until}`}, then it is put to sleep. Nothing is lost.`
          : `It is asleep. Its files and history are kept${until === null ? "" : ` until ${until}`}; it comes back with the payment.`,
      remedy: "card",
    };
  if (refusal === "plan_ended")
    return {
      tone: "failing",
      title: dunning === "expired" ? "Your plan ended, and your agent's data was deleted." : "Your plan has ended.",
      text:
        dunning === "expired"
          ? "Choose a plan to begin anew."
          : `Your agent is asleep. Its files and history are kept${until === null ? "" : ` until ${until}`}; choose a plan and it comes back with them.`,
      remedy: "plans",
    };
  return null;
}
