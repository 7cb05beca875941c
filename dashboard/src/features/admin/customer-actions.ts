import { operatorLimits, type OperatorActionType } from "@automna/core/operators/operator-action";
import { sellableTiers } from "@automna/core/billing/price-keys";
import { tierCatalogue } from "@automna/core/tiers/catalogue";
import type { ActionFieldWords } from "./ActionField.tsx";
import { centsOf } from "./admin-texts.ts";

export interface ActionWords {
  label: string;
  title: string;
  /** What follows from it. */
  consequence: string;
  fields: readonly ActionFieldWords[];
  confirm: string;
  /** The fields as the api wants them; it says itself what is wrong with them. */
  toInput: (values: Readonly<Record<string, string>>) => Record<string, unknown>;
  /** What is about to happen, said again before money moves. */
  sum: (values: Readonly<Record<string, string>>) => string;
}

const none = { fields: [], toInput: () => ({}), sum: () => "" } as const;
const numberOf = (text: string | undefined) => (text === undefined || text.trim() === "" ? Number.NaN : Number(text));

/** The words and fields of each action's dialog. */
export const actionWords: Record<OperatorActionType, ActionWords> = {
  grant_credits: {
    label: "Grant credits",
    title: "Grant credits",
    consequence: "They are there at once and stand on the customer's statement.",
    fields: [
      {
        name: "credits",
        label: "Credits",
        hint: `At most ${operatorLimits.grantCredits.toLocaleString("en")}.`,
        initial: "",
      },
      { name: "days", label: "Expire after days", hint: "Empty: they don't expire.", initial: "90" },
    ],
    confirm: "Grant",
    toInput: ({ credits, days = "" }) => ({
      credits: numberOf(credits),
      expiresInDays: days.trim() === "" ? null : numberOf(days),
    }),
    sum: ({ credits, days = "" }) =>
      `${Number(credits).toLocaleString("en")} credits${days.trim() === "" ? ", which don't expire" : `, which expire after ${days.trim()} days`}.`,
  },
  refund: {
    label: "Refund",
    title: "Refund a payment",
    consequence:
      "Stripe pays it back to the card. Credits that the payment gave are taken back when Stripe tells of it.",
    fields: [{ name: "amount", label: "Amount", initial: "" }],
    confirm: "Refund",
    toInput: ({ invoiceId, amount = "" }) => ({ invoiceId, amountCents: centsOf(amount) ?? Number.NaN }),
    sum: ({ invoiceId, amount }) => `${amount} of invoice ${invoiceId} back to the card.`,
  },
  comp_tier: {
    label: "Give a plan",
    title: "Give a plan for a time",
    consequence:
      "It counts at once and ends by itself; a higher plan that is paid for counts on. Credits are granted apart.",
    fields: [
      {
        name: "tier",
        label: "Plan",
        initial: sellableTiers[0] ?? "",
        choices: sellableTiers.map((tier) => ({ value: tier, label: tierCatalogue[tier].label })),
      },
      { name: "days", label: "Days", hint: `At most ${operatorLimits.compDays}.`, initial: "30" },
    ],
    confirm: "Give the plan",
    toInput: ({ tier, days }) => ({ tier, days: numberOf(days) }),
    sum: ({ tier, days }) => `The plan “${tier}” for ${days} days, without payment.`,
  },
  end_comp: {
    ...none,
    label: "End the given plan",
    title: "End the given plan?",
    consequence: "Without a plan that is paid for, the agent goes to sleep now and its data is kept for 30 days.",
    confirm: "End it",
  },
  suspend: {
    ...none,
    label: "Suspend",
    title: "Suspend this customer?",
    consequence: "They are signed out of everything within 2 seconds and can't get in. Nothing is deleted.",
    confirm: "Suspend",
  },
  unsuspend: {
    ...none,
    label: "Let in again",
    title: "Let this customer in again?",
    consequence: "They can sign in and use their agent as before.",
    confirm: "Let in",
  },
  start_agent: {
    ...none,
    label: "Start",
    title: "Start this agent?",
    consequence: "As if its owner had pressed the button.",
    confirm: "Start",
  },
  stop_agent: {
    ...none,
    label: "Stop",
    title: "Stop this agent?",
    consequence: "Running work is cut off. Files and history stay.",
    confirm: "Stop",
  },
  restart_agent: {
    ...none,
    label: "Restart",
    title: "Restart this agent?",
    consequence: "Running work is cut off. Files and history stay.",
    confirm: "Restart",
  },
  open_support: {
    label: "Ask for support access",
    title: "Open support access",
    consequence: "The customer is told by mail and on every page, with your reason, and can end it.",
    fields: [{ name: "hours", label: "Hours", hint: `At most ${operatorLimits.supportHours}.`, initial: "2" }],
    confirm: "Open",
    toInput: ({ hours }) => ({ hours: numberOf(hours) }),
    sum: () => "",
  },
  close_support: {
    ...none,
    label: "End support access",
    title: "End support access?",
    consequence: "The customer's notice goes away.",
    confirm: "End",
  },
};
