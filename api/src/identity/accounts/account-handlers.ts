import type { Clock } from "@automna/core/shared/clock";
import type { AccountDeletionView } from "@automna/contract/identity";
import { canUndo, cancelDeletion, requestDeletion } from "@automna/records/account-deletions";
import { transactionLimits, type Database } from "@automna/records/database";
import type { Handlers } from "../../http/routes.ts";

export interface AccountHandlerDeps {
  db: Database;
  now: Clock;
  hint: (agentId: string) => Promise<void>;
  /** An account ends: its subscriptions have to. */
  onAccountEnding: () => void;
}

export function makeAccountHandlers(
  deps: AccountHandlerDeps,
): Pick<Handlers, "accountDeletion" | "deleteAccount" | "keepAccount"> {
  const { db, now, hint, onAccountEnding } = deps;
  const view = (userId: string) => readDeletion(db, userId, new Date(now()));
  return {
    accountDeletion: ({ caller }) => view(caller.userId),

    async deleteAccount({ caller: { userId } }) {
      const stopped = await db.$transaction(
        (tx) => requestDeletion(tx, { userId, askedBy: "customer" }, new Date(now())),
        transactionLimits,
      );
      onAccountEnding();
      for (const agentId of stopped) await hint(agentId);
      return view(userId);
    },

    async keepAccount({ caller: { userId } }) {
      const back = await db.$transaction((tx) => cancelDeletion(tx, userId, new Date(now())), transactionLimits);
      for (const agentId of back) await hint(agentId);
      return view(userId);
    },
  };
}

async function readDeletion(db: Database, userId: string, now: Date): Promise<AccountDeletionView> {
  const deletion = await db.accountDeletion.findUnique({ where: { userId } });
  if (deletion === null) return { deletion: null };
  const { requestedAt, eraseAt } = deletion;
  return {
    deletion: {
      requestedAtMs: requestedAt.getTime(),
      eraseAtMs: eraseAt.getTime(),
      canUndo: canUndo(deletion, now),
    },
  };
}
