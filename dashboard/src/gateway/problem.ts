import { errorCatalogue, type ErrorCode } from "@automna/contract/error-catalogue";
import { isModelRefusal, MODEL_REFUSAL_STATUS, type ModelRefusal } from "@automna/contract/model-refusals";
import type { ChatEvent } from "./protocol.ts";

/** What went wrong with one message, in the product's words; `remedy` says which door leads on. */
export interface Problem {
  message: string;
  remedy: "key" | "billing" | "credits" | "retry";
}

const byCode = (code: ErrorCode, remedy: Problem["remedy"]): Problem => ({
  message: errorCatalogue[code].message,
  remedy,
});

export const keyMissingProblem = byCode("key_missing", "key");

const refusals: Readonly<Record<ModelRefusal, Problem>> = {
  key_missing: keyMissingProblem,
  key_invalid: byCode("key_invalid", "key"),
  key_limited: byCode("key_limited", "billing"),
  credits_exhausted: byCode("credits_exhausted", "credits"),
  credits_not_included: byCode("credits_not_included", "key"),
  agent_too_busy: byCode("agent_too_busy", "retry"),
};

/** Error types of the Anthropic API as a transcript keeps them, as the status that they come with. */
const statusOfType: Readonly<Record<string, number>> = {
  authentication_error: 401,
  permission_error: 403,
  billing_error: 402,
  rate_limit_error: 429,
};

/** The same for a failed answer that is read back from the history. */
export function toRowProblem(errorType: string | undefined): Problem {
  if (isModelRefusal(errorType)) return refusals[errorType];
  const httpStatus = statusOfType[errorType ?? ""];
  return toRunProblem(httpStatus === undefined ? undefined : { httpStatus });
}

/** A failed run's cause for a person. Decided by status and reason, never by the provider's text (S5). */
export function toRunProblem(detail: ChatEvent["errorDetail"]): Problem {
  const reason = detail?.failoverReason;
  const status = detail?.httpStatus;
  if (status === MODEL_REFUSAL_STATUS) {
    return isModelRefusal(detail?.providerErrorType) ? refusals[detail.providerErrorType] : keyMissingProblem;
  }
  if (status === 401 || reason === "auth" || reason === "auth_permanent") return byCode("key_invalid", "key");
  if (status === 402 || status === 403 || status === 429 || reason === "billing" || reason === "rate_limit") {
    return byCode("key_limited", "billing");
  }
  return byCode("provider_unreachable", "retry");
}

export const refusedProblem: Problem = {
  message: "Your agent did not accept this message. Try again, or restart the agent if it happens twice.",
  remedy: "retry",
};
