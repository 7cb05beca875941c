import { referralStates } from "@automna/core/referrals/referral";
import { z } from "zod";

/** POST /api/referrals/claim: the link that this browser came through first. */
export const claimReferralSchema = z.strictObject({
  code: z.string().regex(/^[0-9a-z]{10}$/),
  seenAtMs: z.number().int().positive(),
});

/** GET /api/referrals. */
export const referralsViewSchema = z.object({
  /** The customer's own link. */
  link: z.url(),
  creditsEach: z.number().int(),
  monthlyCap: z.number().int(),
  /** Newest first; who they are is theirs to tell. */
  referrals: z.array(
    z.object({ joinedAtMs: z.number().int(), state: z.enum(referralStates), reason: z.string().nullable() }),
  ),
});
export type ReferralsView = z.infer<typeof referralsViewSchema>;
