import { SECOND_MS } from "@automna/core/shared/clock";

export type CheckoutState = "open" | "expired" | "processing" | "done";

/** News of a payment are usually here in two seconds; who waits longer than this is not left in the dark. */
export const LATE_MS = 45 * SECOND_MS;
/** From when on Stripe is asked itself, by the purchase's id. */
export const ASK_FROM_MS = 4 * SECOND_MS;
const USUAL_MS = 6 * SECOND_MS;

export type CheckoutStep = "waiting" | "active" | "unpaid" | "processing" | "late";

export interface CheckoutProgress {
  step: CheckoutStep;
  percent: number;
}

/** Where a purchase stands `waitedMs` after the return from Stripe's page; `asked` is what Stripe said of it last. */
export function checkoutProgress(facts: {
  isActive: boolean;
  asked: CheckoutState | null;
  waitedMs: number;
}): CheckoutProgress {
  const { isActive, asked, waitedMs } = facts;
  if (isActive) return { step: "active", percent: 100 };
  if (asked === "open" || asked === "expired") return { step: "unpaid", percent: 0 };
  if (asked === "processing") return { step: "processing", percent: 60 };
  // Never full by itself: that is what the plan does.
  const percent = Math.round(30 + 60 * (1 - Math.exp(-waitedMs / USUAL_MS)));
  return { step: waitedMs > LATE_MS ? "late" : "waiting", percent };
}
