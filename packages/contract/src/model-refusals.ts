import type { ErrorCode } from "./error-catalogue.ts";

/**
 * How egress tells an agent's gateway what is wrong with its customer's key. Never by 401, 402 or 403: OpenClaw 2026.9 then
 * locks itself out for 30 s up to hours, also from a better key or the demo model that is there by then; nor by 409, which
 * it tries four times. The words stay clear of what OpenClaw reads as a refused key; people are shown the catalogue's.
 */
export const KEY_REFUSAL_STATUS = 424;

export const keyRefusals = {
  key_missing: "there is no key",
  key_invalid: "the provider does not take the key",
  key_limited: "the provider takes the key no further",
} as const satisfies Partial<Record<ErrorCode, string>>;
export type KeyRefusal = keyof typeof keyRefusals;

export function isKeyRefusal(type: string | undefined): type is KeyRefusal {
  return type !== undefined && Object.hasOwn(keyRefusals, type);
}
