import { peopleRoutes } from "@automna/contract/people-routes";
import { DAY_MS } from "@automna/core/shared/clock";
import { CONFIRM_DAYS } from "@automna/core/waitlist/waitlist";
import { makeSignedToken } from "@automna/service-kit/signed-token";
import type { KeyRing } from "@automna/service-kit/secret-box";

/** Somebody may want to leave long after the last mail. */
const LEAVE_DAYS = 2 * 365;

/** The links of a mail to somebody on the waitlist. */
export function waitlistLinks(
  { origin, keyRing }: { origin: string; keyRing: KeyRing },
  entryId: string,
  nowMs: number,
): { confirm: string; leave: string } {
  const token = (purpose: "waitlist-confirm" | "waitlist-leave", days: number) =>
    encodeURIComponent(makeSignedToken(keyRing, { purpose, subject: entryId, expiresAtMs: nowMs + days * DAY_MS }));
  return {
    confirm: `${origin}${peopleRoutes.confirmWaitlist.path}?token=${token("waitlist-confirm", CONFIRM_DAYS)}`,
    leave: `${origin}${peopleRoutes.leaveWaitlist.path}?token=${token("waitlist-leave", LEAVE_DAYS)}`,
  };
}
