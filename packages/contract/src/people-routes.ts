import type { ApiRoute } from "./api-routes.ts";
import { feedbackListSchema, giveFeedbackSchema } from "./feedback.ts";
import { mailListSchema, mailsQuerySchema, retryMailSchema } from "./mail.ts";
import { claimReferralSchema, referralsViewSchema } from "./referrals.ts";
import {
  invitedSchema,
  inviteBatchSchema,
  joinedWaitlistSchema,
  joinWaitlistSchema,
  linkQuerySchema,
  redeemedInviteSchema,
  redeemInviteSchema,
  waitlistEntriesQuerySchema,
  waitlistEntriesSchema,
  waitlistViewSchema,
} from "./waitlist.ts";

const page = { status: 200, body: null, contentType: "text/html" } as const;
const done = { status: 204, body: null } as const;

/** Waitlist, referrals, feedback and mail. */
export const peopleRoutes = {
  joinWaitlist: {
    method: "post",
    path: "/api/waitlist",
    summary: "Ask for a place; the same answer for every address. A form is answered with a page.",
    access: "open",
    body: joinWaitlistSchema,
    success: { status: 202, body: joinedWaitlistSchema },
  },
  confirmWaitlistPage: {
    method: "get",
    path: "/api/waitlist/confirm",
    summary: "The page behind the link of the confirmation mail; opening it changes nothing.",
    access: "open",
    query: linkQuerySchema,
    success: page,
  },
  confirmWaitlist: {
    method: "post",
    path: "/api/waitlist/confirm",
    summary: "Confirm an address.",
    access: "open",
    query: linkQuerySchema,
    success: page,
  },
  leaveWaitlistPage: {
    method: "get",
    path: "/api/waitlist/leave",
    summary: "The page behind the link to leave; opening it changes nothing.",
    access: "open",
    query: linkQuerySchema,
    success: page,
  },
  leaveWaitlist: {
    method: "post",
    path: "/api/waitlist/leave",
    summary: "Leave the waitlist and have the address erased; mail programs may post here (RFC 8058).",
    access: "open",
    query: linkQuerySchema,
    success: page,
  },
  redeemInvite: {
    method: "post",
    path: "/api/waitlist/redeem",
    summary: "Accept an invitation; its price is set at checkout.",
    access: "session",
    body: redeemInviteSchema,
    success: { status: 200, body: redeemedInviteSchema },
  },

  getReferrals: {
    method: "get",
    path: "/api/referrals",
    summary: "Your personal link and what came of it.",
    access: "session",
    success: { status: 200, body: referralsViewSchema },
  },
  claimReferral: {
    method: "post",
    path: "/api/referrals/claim",
    summary: "Whose link a new customer came through; nobody is told what came of it.",
    access: "session",
    body: claimReferralSchema,
    success: done,
  },
  giveFeedback: {
    method: "post",
    path: "/api/feedback",
    summary: "Tell the operator something.",
    access: "session",
    body: giveFeedbackSchema,
    success: done,
  },

  adminWaitlist: {
    method: "get",
    path: "/api/admin/waitlist",
    summary: "How many wait, and how many more may be invited.",
    access: "operator",
    success: { status: 200, body: waitlistViewSchema },
  },
  adminWaitlistEntries: {
    method: "get",
    path: "/api/admin/waitlist/entries",
    summary: "Who is on the waitlist, in one state, the longest wait first.",
    access: "operator",
    query: waitlistEntriesQuerySchema,
    success: { status: 200, body: waitlistEntriesSchema },
  },
  adminWaitlistCsv: {
    method: "get",
    path: "/api/admin/waitlist.csv",
    summary: "The waitlist as a file.",
    access: "operator",
    success: { status: 200, body: null, contentType: "text/csv" },
  },
  adminInvite: {
    method: "post",
    path: "/api/admin/waitlist/invites",
    summary: "Invite those who have waited longest.",
    access: "operator",
    body: inviteBatchSchema,
    success: { status: 200, body: invitedSchema },
  },
  adminFeedback: {
    method: "get",
    path: "/api/admin/feedback",
    summary: "What customers wrote, newest first.",
    access: "operator",
    success: { status: 200, body: feedbackListSchema },
  },
  adminMails: {
    method: "get",
    path: "/api/admin/mails",
    summary: "The outbox, newest first, without what is in it.",
    access: "operator",
    query: mailsQuerySchema,
    success: { status: 200, body: mailListSchema },
  },
  adminRetryMail: {
    method: "post",
    path: "/api/admin/mails/retry",
    summary: "Try a mail again that was given up.",
    access: "operator",
    body: retryMailSchema,
    success: done,
  },
} as const satisfies Record<string, ApiRoute>;
