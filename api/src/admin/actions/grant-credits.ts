import { DAY_MS } from "@automna/core/shared/clock";
import { grantCredits } from "@automna/records/credits/credits";
import type { ActionExecutor } from "./action.ts";

/** Gives credits. The ledger keeps its own transactions and knows the action by its id. */
export const executeGrantCredits: ActionExecutor<"grant_credits"> = async (
  { db, pool, now },
  { actionId, operatorId, userId, finish },
  { credits, expiresInDays },
) => {
  const grant = {
    userId,
    key: `operator:${actionId}`,
    credits,
    source: "goodwill" as const,
    expiresAtMs: expiresInDays === null ? null : now() + expiresInDays * DAY_MS,
    facts: { operatorId, actionId },
  };
  const { available } = await grantCredits(pool, grant, now());
  await finish(db, { granted: credits, available });
};
