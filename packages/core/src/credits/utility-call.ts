/** What can be seen of a model call before it goes out. */
export interface CallShape {
  model: string;
  maxTokens: number;
  /** Of the whole request. */
  bodyBytes: number;
  hasTools: boolean;
  hasExtendedThinking: boolean;
}

/** OpenClaw's recap asks for 240 tokens; titles and summaries for less. */
const MAX_TOKENS = 512;
const MAX_BODY_BYTES = 64 * 1024;
const UTILITY_MODEL = /\bhaiku\b/i;

/**
 * Recaps, titles and the like: a short answer of the small model without tools. Whoever dresses up a call as one gets
 * no more than that for it: at most about two cents' worth, and only as often as `utilityAllowance` says.
 */
export function isUtilityShaped({ model, maxTokens, bodyBytes, hasTools, hasExtendedThinking }: CallShape): boolean {
  return (
    UTILITY_MODEL.test(model) &&
    maxTokens <= MAX_TOKENS &&
    bodyBytes <= MAX_BODY_BYTES &&
    !hasTools &&
    !hasExtendedThinking
  );
}

/** Free utility calls: so many to begin with, so many more with each paid run, and never more than `most` at once. */
export const utilityAllowance = { first: 5, perRun: 3, most: 30 } as const;

/** What is left of the allowance after a run was paid. */
export function allowanceAfterRun(left: number): number {
  return Math.min(utilityAllowance.most, left + utilityAllowance.perRun);
}
