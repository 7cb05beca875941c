import { BLOCK_CREDITS, BLOCK_PRICE_CENTS, priceList, type ChargeSubject, type Resource } from "./prices.ts";

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

/** What began a run: somebody's message, or the agent's own schedule. */
export const runKinds = ["message", "scheduled"] as const;
export type RunKind = (typeof runKinds)[number];

/** A part of a run's price that is paid at most once, whatever number of calls ask for it. */
export interface RunStep {
  name: "base" | "deep";
  credits: number;
  resource: ChargeSubject;
}

/**
 * What must have been paid of a run before this call may go out. One message is one run: its first call pays the base, and
 * the first of the dear class, whenever it comes, the difference. A scheduled run pays its own price instead of a message's.
 */
export function runSteps(call: ModelCall, kind: RunKind): RunStep[] {
  if (call.isUtility) return [];
  const resource = kind === "scheduled" ? "scheduled_run" : "ai_message";
  const base: RunStep = { name: "base", credits: priceList[resource].credits, resource };
  if (messageClass(call) !== "ai_message_deep") return [base];
  const credits = priceList.ai_message_deep.credits - priceList.ai_message.credits;
  return [base, { name: "deep", credits, resource: "ai_message_surcharge" }];
}

/** One run covers so many calls for so long; what goes on beyond is the next message. OpenClaw ends a run after 10 minutes. */
export const runLimits = { calls: 200, ms: 3_600_000 } as const;

/** The final price of a run once the provider's cost is known, micro-dollars. */
export function finalRunPrice(
  price: number,
  { rule, costMicroDollars }: { rule: MeteringRule; costMicroDollars: number },
): number {
  if (rule === "per-message" || price === 0) return price;
  return Math.max(price, Math.ceil(costMicroDollars / MICRO_DOLLARS_PER_CREDIT));
}
