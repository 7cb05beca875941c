import type { ErrorCode } from "@automna/contract/error-catalogue";

export type KeyVerdict = "valid" | Extract<ErrorCode, "key_invalid" | "key_limited" | "provider_unreachable">;

/**
 * What the provider's answer to "list the models" says of a key. Anything that is not clearly about the key is the
 * provider's trouble. Source: docs.claude.com, API errors.
 */
export function keyVerdict(status: number, body: unknown): KeyVerdict {
  if (status === 200) return isModelList(body) ? "valid" : "provider_unreachable";
  const type = errorType(body);
  if (status === 402 || status === 429 || type === "billing_error" || type === "rate_limit_error") return "key_limited";
  if (status === 401 || status === 403) return "key_invalid";
  return "provider_unreachable";
}

/** A captive portal answers 200 to everything. */
function isModelList(body: unknown): boolean {
  return isObject(body) && Array.isArray(body["data"]);
}

function errorType(body: unknown): string | null {
  const error = isObject(body) ? body["error"] : null;
  const type = isObject(error) ? error["type"] : null;
  return typeof type === "string" ? type : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
