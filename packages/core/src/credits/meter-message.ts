import { BLOCK_CREDITS, BLOCK_PRICE_CENTS, priceList, type Resource } from "./prices.ts";

/** Who pays for the model: the customer's own key, or credits. */
export type AiUsage = "byok" | "credits";

/** per-message: the class price, whatever it cost. cost-floor: at least what the provider took (design D7). */
export const meteringRules = ["per-message", "cost-floor"] as const;
export type MeteringRule = (typeof meteringRules)[number];

export interface ModelCall {
  model: string;
  hasExtendedThinking: boolean;
  /** Recap, titles and the like, which the customer did not ask for. */
  isUtility: boolean;
}

const MICRO_DOLLARS_PER_CREDIT = (BLOCK_PRICE_CENTS * 10_000) / BLOCK_CREDITS;

/** The class of a run that makes this call. */
export function messageClass({ model, hasExtendedThinking }: ModelCall): Resource {
  return hasExtendedThinking || /\bopus\b/i.test(model) ? "ai_message_deep" : "ai_message";
}

/** Credits that a call's run must have paid in all before the call may go out. */
export function runPrice(call: ModelCall, aiUsage: AiUsage): number {
  return call.isUtility || aiUsage === "byok" ? 0 : priceList[messageClass(call)].credits;
}

/** What is still to be charged of a run: one message is one run, so a dearer class later pays the difference. */
export function stillToCharge(price: number, alreadyCharged: number): number {
  return Math.max(0, price - alreadyCharged);
}

/** The final price of a run once the provider's cost is known, micro-dollars. */
export function finalRunPrice(
  price: number,
  { rule, costMicroDollars }: { rule: MeteringRule; costMicroDollars: number },
): number {
  if (rule === "per-message" || price === 0) return price;
  return Math.max(price, Math.ceil(costMicroDollars / MICRO_DOLLARS_PER_CREDIT));
}
