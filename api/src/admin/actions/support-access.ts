import { HOUR_MS } from "@automna/core/shared/clock";
import { transactionLimits } from "@automna/records/database";
import { endSupport, openSupport } from "../support-records.ts";
import type { ActionExecutor } from "./action.ts";

/** Announces to the customer that somebody may look at what is theirs, until when and why. */
export const executeOpenSupport: ActionExecutor<"open_support"> = async (
  { db, now },
  { actionId, operatorId, userId, reason, finish },
  { hours },
) => {
  const startedAt = new Date(now());
  const endsAt = new Date(startedAt.getTime() + hours * HOUR_MS);
  await db.$transaction(async (tx) => {
    await openSupport(tx, { id: actionId, userId, operatorId, reason, startedAt, endsAt });
    await finish(tx);
  }, transactionLimits);
};

export const executeCloseSupport: ActionExecutor<"close_support"> = async ({ db, now }, { userId, finish }) => {
  await db.$transaction(async (tx) => {
    await endSupport(tx, { userId, by: "operator" }, new Date(now()));
    await finish(tx);
  }, transactionLimits);
};
