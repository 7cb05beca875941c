import type { Clock } from "@automna/core/shared/clock";
import type { SupportAccessView } from "@automna/contract/admin";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Handlers } from "../http/routes.ts";
import { endSupport, findSupport } from "./support-records.ts";

/** The customer's side of support access: they see it and can end it at any time. */
export function makeSupportHandlers({
  db,
  now,
}: {
  db: Database;
  now: Clock;
}): Pick<Handlers, "getSupportAccess" | "endSupportAccess"> {
  const read = async (userId: string): Promise<SupportAccessView> => {
    const access = await findSupport(db, userId, new Date(now()));
    if (access === null) return { access: null };
    const { id, reason, startedAt, endsAt } = access;
    return { access: { id, reason, startedAtMs: startedAt.getTime(), endsAtMs: endsAt.getTime() } };
  };
  return {
    getSupportAccess: ({ caller }) => read(caller.userId),
    async endSupportAccess({ caller: { userId } }) {
      await db.$transaction((tx) => endSupport(tx, { userId, by: "customer" }, new Date(now())), transactionLimits);
      return read(userId);
    },
  };
}
