import type { MailData, MailTemplate } from "@automna/contract/mail";
import { KEEP_DAYS } from "@automna/core/billing/dunning";
import { toHeaderText } from "@automna/core/mail/mail-text";
import type { MailContent } from "./mail-content.ts";

export interface MailContext {
  origin: string;
  /** Links that only their reader may have, made for this entry of the waitlist. */
  waitlistLinks: (entryId: string) => { confirm: string; leave: string };
  /** Of the mail `feedback`: what was written. */
  feedback: { from: string; kind: string; page: string; text: string } | null;
}

type Template<Name extends MailTemplate> = (data: MailData<Name>, context: MailContext) => MailContent;

const ACCOUNT = "You get this because it concerns your account.";

/** What each mail says. A new template does not compile without its words. */
export const mailTexts: { readonly [Name in MailTemplate]: Template<Name> } = {
  welcome: (_data, { origin }) => ({
    subject: "Welcome to Automna",
    paragraphs: [
      "Welcome to Automna.",
      "Your own agent is a minute away: choose where its answers come from, give it a name, and press Deploy.",
    ],
    action: { label: "Set up your agent", url: `${origin}/dashboard` },
    reason: "You get this because an account was opened with this address.",
    unsubscribeUrl: null,
  }),
  "agent-live": ({ agentName }, { origin }) => ({
    subject: `${toHeaderText(agentName)} is live`,
    paragraphs: [
      `${toHeaderText(agentName)} is running and waits for its first task.`,
      "It keeps running when you close the tab. Come back at any time, from any device.",
    ],
    action: { label: "Say hello", url: `${origin}/dashboard` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "payment-failed": ({ graceEndsMs }, { origin }) => ({
    subject: "Payment failed: your agent goes on for now",
    paragraphs: [
      "Payment failed. Update your card to keep your agent running.",
      `Nothing changes until ${day(graceEndsMs)}. After that your agent sleeps; its files and memory stay.`,
    ],
    action: { label: "Update your card", url: `${origin}/dashboard/billing` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "put-to-sleep": ({ reason, keptUntilMs }, { origin }) => ({
    subject: "Your agent sleeps; its data is kept",
    paragraphs: [
      reason === "unpaid"
        ? "Your plan could not be paid for, so your agent sleeps now."
        : "Your plan has ended, so your agent sleeps now.",
      `Its files, memory and conversations are kept until ${day(keptUntilMs)}. Pay before that and it goes on where it stopped. After that day everything is deleted.`,
    ],
    action: { label: "Wake it up", url: `${origin}/dashboard/billing` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "delete-due": (_data, { origin }) => ({
    subject: "Your agent is being deleted",
    paragraphs: [
      `The ${KEEP_DAYS} days for which a sleeping agent's data is kept are over, so your agent and its data are being deleted.`,
      "Your account stays. You can begin again with a new agent at any time.",
    ],
    action: { label: "See plans", url: `${origin}/dashboard/billing` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  restored: (_data, { origin }) => ({
    subject: "Thank you: everything is paid",
    paragraphs: ["Your payment arrived. If your agent was asleep, it is starting now, with all its data."],
    action: { label: "Open your agent", url: `${origin}/dashboard` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "credit-warning": ({ percent, remaining }, { origin }) => ({
    subject: percent >= 100 ? "Your credits are used up" : `${percent} % of your credits are used`,
    paragraphs:
      percent >= 100
        ? [
            "This month's credits are used up.",
            "What costs credits is refused until the next month begins, you buy a pack, or you allow overage.",
          ]
        : [`${percent} % of this month's credits are used. ${count(remaining)} are left.`],
    action: { label: "See your usage", url: `${origin}/dashboard/usage` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "support-access": ({ agentName, reason, untilMs }, { origin }) => ({
    subject: `Support can look at ${toHeaderText(agentName)}`,
    paragraphs: [
      `Automna's support may look at ${toHeaderText(agentName)} until ${moment(untilMs)}.`,
      `The reason given: ${toHeaderText(reason)}`,
      "You see what was done in your agent's log. Write to us if you did not expect this.",
    ],
    action: { label: "See the log", url: `${origin}/dashboard/agent` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  "waitlist-confirm": ({ entryId }, { waitlistLinks }) => ({
    subject: "Confirm your place on Automna's waitlist",
    paragraphs: [
      "Somebody, we hope you, put this address on Automna's waitlist.",
      "Confirm it and we write to you once, when there is a place. If it was not you, do nothing: the address is forgotten in 7 days.",
    ],
    action: { label: "Confirm this address", url: waitlistLinks(entryId).confirm },
    reason: "You get this because your address was entered at Automna.",
    unsubscribeUrl: waitlistLinks(entryId).leave,
  }),
  "waitlist-invite": ({ entryId, code, untilMs, hasBetaPrice }, { origin, waitlistLinks }) => ({
    subject: "Your place at Automna is ready",
    paragraphs: [
      "There is a place for you now. Your own, private agent is a minute away.",
      `The invitation is good until ${day(untilMs)}${hasBetaPrice ? " and carries the beta price, which is set at checkout by itself" : ""}.`,
    ],
    action: { label: "Accept the invitation", url: `${origin}/?invite=${encodeURIComponent(code)}` },
    reason: "You get this because you asked for a place on Automna's waitlist.",
    unsubscribeUrl: waitlistLinks(entryId).leave,
  }),
  "referral-credit": ({ credits, untilMs }, { origin }) => ({
    subject: `${count(credits)} credits for you`,
    paragraphs: [
      `Somebody who came through your link has paid for a plan. Thank you: ${count(credits)} credits are yours, until ${day(untilMs)}.`,
    ],
    action: { label: "See your credits", url: `${origin}/dashboard/usage` },
    reason: ACCOUNT,
    unsubscribeUrl: null,
  }),
  feedback: ({ feedbackId }, { feedback }) => ({
    subject: `Feedback: ${feedback?.kind ?? "gone"}`,
    paragraphs:
      feedback === null
        ? [`Feedback ${feedbackId} is no longer there.`]
        : [`From ${toHeaderText(feedback.from)}, on ${feedback.page}:`, feedback.text],
    action: null,
    reason: "You get this because this address is set as the operator's.",
    unsubscribeUrl: null,
  }),
};

const dayFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const momentFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

function day(atMs: number): string {
  return dayFormat.format(atMs);
}

function moment(atMs: number): string {
  return `${momentFormat.format(atMs)} UTC`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
