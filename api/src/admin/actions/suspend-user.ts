import { notify, transactionLimits } from "@automna/records/database";
import type { ActionExecutor } from "./action.ts";

/** Keeps a customer out, everywhere: api and egress look at each call, ingress ends what is open within 2 s. */
export const executeSuspend: ActionExecutor<"suspend"> = async (
  { db, now },
  { operatorId, userId, reason, finish },
) => {
  await db.$transaction(async (tx) => {
    const suspension = { userId, operatorId, reason, at: new Date(now()) };
    await tx.suspension.createMany({ data: [suspension], skipDuplicates: true });
    await tx.user.updateMany({ where: { id: userId, state: "active" }, data: { state: "suspended" } });
    await notify(tx, "user_changed", { userId });
    await finish(tx);
  }, transactionLimits);
};

export const executeUnsuspend: ActionExecutor<"unsuspend"> = async ({ db }, { userId, finish }) => {
  await db.$transaction(async (tx) => {
    await tx.suspension.deleteMany({ where: { userId } });
    await tx.user.updateMany({ where: { id: userId, state: "suspended" }, data: { state: "active" } });
    await notify(tx, "user_changed", { userId });
    await finish(tx);
  }, transactionLimits);
};
