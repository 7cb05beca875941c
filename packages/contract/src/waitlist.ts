import { z } from "zod";

/** POST /api/waitlist, as JSON or as a form. */
export const joinWaitlistSchema = z.object({
  email: z.email("Please enter an e-mail address.").trim().max(254),
  /** Nobody sees this field; programs fill it in. */
  website: z.string().max(500).default(""),
});
/** The same for every address: who asks learns nothing about it. */
export const joinedWaitlistSchema = z.object({ ok: z.literal(true) });

export const linkQuerySchema = z.object({ token: z.string().max(500) });

const inviteCode = z.string().regex(/^[0-9a-z]{12}$/);

/** POST /api/waitlist/redeem. */
export const redeemInviteSchema = z.strictObject({ code: inviteCode });
export const redeemedInviteSchema = z.object({ hasBetaPrice: z.boolean() });

/** GET /api/admin/waitlist. */
export const waitlistViewSchema = z.object({
  pending: z.number().int(),
  confirmed: z.number().int(),
  invited: z.number().int(),
  joined: z.number().int(),
  /** Invitations that may be open or used at once, and how many more that leaves. */
  cap: z.number().int(),
  room: z.number().int(),
});
export type WaitlistView = z.infer<typeof waitlistViewSchema>;

export const waitlistStates = ["pending", "confirmed", "invited", "joined"] as const;
export type WaitlistState = (typeof waitlistStates)[number];

/** GET /api/admin/waitlist/entries: those in a state, who has waited longest first. */
export const waitlistEntriesQuerySchema = z.strictObject({ state: z.enum(waitlistStates) });
export const waitlistEntriesSchema = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      email: z.string(),
      askedAtMs: z.number().int(),
      confirmedAtMs: z.number().int().nullable(),
      invitedAtMs: z.number().int().nullable(),
      /** When the invitation runs out. */
      inviteUntilMs: z.number().int().nullable(),
      joinedAtMs: z.number().int().nullable(),
    }),
  ),
  /** There are more than were answered: the file has all. */
  isCut: z.boolean(),
});

/** POST /api/admin/waitlist/invites. */
export const inviteBatchSchema = z.strictObject({
  count: z.number().int().min(1).max(500),
  /** Stripe's promotion code for the beta price; without it the invitation has none. */
  promotionCode: z.string().trim().min(1).max(60).optional(),
});
export const invitedSchema = z.object({ invited: z.number().int(), view: waitlistViewSchema });
