import type { ErrorCode } from "./error-catalogue.ts";

/**
 * How egress tells an agent's gateway why its customer's model does not answer. Never by 401, 402 or 403: OpenClaw 2026.9 then
 * locks itself out for 30 s up to hours, also from a better key or the demo model that is there by then; nor by 409, which
 * it tries four times. The words stay clear of what OpenClaw reads as a refused key; people are shown the catalogue's.
 */
export const MODEL_REFUSAL_STATUS = 424;

export const modelRefusals = {
  key_missing: "there is no key",
  key_invalid: "the provider does not take the key",
  key_limited: "the provider takes the key no further",
  credits_exhausted: "You are out of credits. Buy a pack, or allow overage under Usage.",
  credits_not_included: "AI on credits is not part of this plan. Choose where answers come from under Settings.",
  agent_too_busy: "This agent asks its model too often. It may go on in a moment.",
} as const satisfies Partial<Record<ErrorCode, string>>;
export type ModelRefusal = keyof typeof modelRefusals;

export function isModelRefusal(type: string | undefined): type is ModelRefusal {
  return type !== undefined && Object.hasOwn(modelRefusals, type);
}
