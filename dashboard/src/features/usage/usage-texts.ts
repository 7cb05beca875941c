import type { CreditsView } from "@automna/contract/credits";

const number = new Intl.NumberFormat("en-US");

export function formatCredits(credits: number): string {
  return `${credits < 0 ? "−" : ""}${number.format(Math.abs(credits))}`;
}

/** "+500", "−3": what an entry did to the balance. */
export function formatChange(credits: number): string {
  return `${credits > 0 ? "+" : ""}${formatCredits(credits)}`;
}

/** The one sentence that the page is about. */
export function balanceSentence({ remaining }: Pick<CreditsView, "remaining">): string {
  if (remaining < 0) return `You are ${countOf(-remaining)} over`;
  return `You have ${countOf(remaining)} remaining`;
}

/** What stands behind it, in as many sentences as apply. */
export function balanceDetails(view: CreditsView): string[] {
  const { month, held, aiUsage, overage } = view;
  const details: string[] = [];
  if (month !== null)
    details.push(
      `${formatCredits(month.used)} used since ${formatDay(month.startMs)}, of ${formatCredits(month.credits)} a month.`,
    );
  if (held > 0) details.push(`${countOf(held)} more ${held === 1 ? "is" : "are"} set aside for work under way.`);
  if (overage.blocks > 0) {
    const dollars = (overage.blocks * overage.blockPriceCents) / 100;
    details.push(`Overage this month: $${formatCredits(dollars)}, which goes on your next invoice.`);
  }
  if (aiUsage === "byok") details.push("AI messages cost nothing here: they run on your own Anthropic key.");
  return details;
}

export interface UsageWarning {
  tone: "waiting" | "failing";
  title: string;
  text: string;
}

/** What the customer has to be told now; null = nothing. */
export function usageWarning({ warning, remaining, overage }: CreditsView): UsageWarning | null {
  if (warning === null) return null;
  if (warning === 80)
    return { tone: "waiting", title: "80 % of your credits are used.", text: "The next month begins with new ones." };
  if (overage.capCredits !== null && remaining > -overage.capCredits)
    return {
      tone: "waiting",
      title: "Your credits are used up. Overage has begun.",
      text: `It goes on until you are ${formatCredits(overage.capCredits)} credits over.`,
    };
  return {
    tone: "failing",
    title: "Your credits are used up.",
    text: overage.canUse
      ? "What costs credits is refused until the next month, or until you allow more overage below."
      : "What costs credits is refused until the next month begins.",
  };
}

export function formatDay(ms: number): string {
  return new Date(ms).toLocaleDateString("en-US", { month: "short", day: "numeric" });
}

function countOf(credits: number): string {
  return `${formatCredits(credits)} ${credits === 1 ? "credit" : "credits"}`;
}

/** "12", "3.4k", "1.2M": tokens come in numbers that nobody reads to the end. */
export function formatTokens(tokens: number): string {
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(tokens);
}

/** A day of the usage, which is a day in UTC. */
export function formatUtcDay(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" });
}
