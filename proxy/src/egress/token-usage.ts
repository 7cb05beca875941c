import { noTokens, type TokenCounts } from "@automna/core/credits/model-prices";

/** Lays what the provider reports in one place over what it reported before: counts are cumulative, absent ones stand. */
export function readUsage(before: TokenCounts, reported: unknown): TokenCounts {
  const usage = toRecord(reported);
  const creation = toRecord(usage["cache_creation"]);
  const hour = toCount(creation["ephemeral_1h_input_tokens"]) ?? before.cacheWriteHour;
  const written = toCount(usage["cache_creation_input_tokens"]);
  return {
    input: toCount(usage["input_tokens"]) ?? before.input,
    output: toCount(usage["output_tokens"]) ?? before.output,
    cacheRead: toCount(usage["cache_read_input_tokens"]) ?? before.cacheRead,
    cacheWriteHour: hour,
    cacheWrite: written === null ? before.cacheWrite : Math.max(0, written - hour),
  };
}

export const nothingUsed = noTokens;

export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function toCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;
}
