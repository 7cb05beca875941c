import { DAY_MS } from "@automna/core/shared/clock";
import { makeSignedToken } from "@automna/service-kit/signed-token";
import type { KeyRing } from "@automna/service-kit/secret-box";

export const CONFIRM_PATH = "/api/waitlist/confirm";
export const LEAVE_PATH = "/api/waitlist/leave";
/** Days in which an address is confirmed or forgotten. */
export const CONFIRM_DAYS = 7;
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
    confirm: `${origin}${CONFIRM_PATH}?token=${token("waitlist-confirm", CONFIRM_DAYS)}`,
    leave: `${origin}${LEAVE_PATH}?token=${token("waitlist-leave", LEAVE_DAYS)}`,
  };
}
