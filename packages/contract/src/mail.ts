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
  "delete-due": z.object({}),
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
