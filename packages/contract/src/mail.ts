import { z } from "zod";

const timeMs = z.number().int();

/**
 * Every mail of the platform by its template, with what has to be known to write it. Data says what happened; links and
 * words are made when it is sent, so that nothing secret waits in the outbox.
 */
export const mailCatalogue = {
  welcome: z.object({}),
  "agent-live": z.object({ agentName: z.string() }),
  "payment-failed": z.object({ graceEndsMs: timeMs }),
  "put-to-sleep": z.object({ reason: z.enum(["unpaid", "ended"]), keptUntilMs: timeMs }),
  "delete-due": z.object({ deleteAtMs: timeMs }),
  expired: z.object({}),
  "account-deletion": z.object({ eraseAtMs: timeMs }),
  "account-kept": z.object({}),
  restored: z.object({}),
  "credit-warning": z.object({ percent: z.number().int(), remaining: z.number().int() }),
  "support-access": z.object({ agentName: z.string(), reason: z.string(), untilMs: timeMs }),
  "waitlist-confirm": z.object({ entryId: z.string() }),
  "waitlist-invite": z.object({
    entryId: z.string(),
    code: z.string(),
    untilMs: timeMs,
    /** The invitation carries the beta price. */
    hasBetaPrice: z.boolean(),
  }),
  "referral-credit": z.object({ credits: z.number().int(), untilMs: timeMs }),
  feedback: z.object({ feedbackId: z.string() }),
} as const;

export type MailTemplate = keyof typeof mailCatalogue;
export type MailData<Template extends MailTemplate> = z.infer<(typeof mailCatalogue)[Template]>;
export const mailTemplates = Object.keys(mailCatalogue) as MailTemplate[];

export const mailStates = ["waiting", "sent", "captured", "given_up"] as const;

/** GET /api/admin/mails: newest first, without what is in them. */
export const mailsQuerySchema = z.strictObject({ state: z.enum(mailStates).optional() });
export const mailListSchema = z.object({
  mails: z.array(
    z.object({
      key: z.string(),
      template: z.string(),
      userId: z.string().nullable(),
      state: z.enum(mailStates),
      attempts: z.number().int(),
      error: z.string().nullable(),
      createdAtMs: z.number().int(),
    }),
  ),
});
/** POST /api/admin/mails/retry. */
export const retryMailSchema = z.strictObject({ key: z.string().max(300) });
