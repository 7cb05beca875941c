import { appError } from "@automna/contract/error-catalogue";
import type { CreditsView } from "@automna/contract/credits";
import { describeEntry } from "@automna/core/credits/statement";
import type { Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import { canUseOverage, chooseAiUsage } from "@automna/core/tiers/entitlements";
import { appendAudit } from "@automna/records/audit";
import { findAccount, setOverageCap } from "@automna/records/credits/account";
import { listStatement } from "@automna/records/credits/statement";
import type { Database } from "@automna/records/database";
import type { Pool } from "@automna/records/pool";
import type { Handlers } from "../http/routes.ts";
import { hasModelKey } from "../key/model-keys.ts";
import { grantUnpaidMonth } from "./grant-month.ts";
import { toCreditsView } from "./read-credits.ts";
import { sendStatementCsv } from "./statement-csv.ts";

export interface CreditsHandlerDeps {
  db: Database;
  pool: Pool;
  /** The tier that a customer is entitled to now. */
  findTier: (userId: string) => Promise<Tier>;
  now: Clock;
  /** Sees to it that overage can be billed to this customer, before they allow it. */
  prepareOverage?: (userId: string) => Promise<unknown>;
}

type CreditsHandlers = Pick<Handlers, "getCredits" | "getStatement" | "getStatementCsv" | "putOverage">;

/** Every query names the caller: there is no id of another in any of these routes. */
export function makeCreditsHandlers(deps: CreditsHandlerDeps): CreditsHandlers {
  const { db, pool, findTier } = deps;
  return {
    getCredits: async ({ caller }) => readCredits(deps, caller.userId),
    async getStatement({ caller, query: { before, limit } }) {
      await beginMonth(deps, caller.userId);
      // One more than asked for tells whether there is a next page.
      const found = await listStatement(pool, { userId: caller.userId, before: before ?? null, limit: limit + 1 });
      const entries = found.slice(0, limit);
      return {
        entries: entries.map(({ number, atMs, kind, subject, credits, balanceAfter }) => ({
          number,
          atMs,
          text: describeEntry(kind, subject),
          credits,
          balance: balanceAfter,
        })),
        nextBefore: found.length > limit ? (entries.at(-1)?.number ?? null) : null,
      };
    },
    getStatementCsv: ({ caller, response, signal }) => sendStatementCsv(pool, caller.userId, { response, signal }),
    async putOverage({ caller, body: { capCredits } }) {
      const { userId } = caller;
      if (capCredits !== null && !canUseOverage(await findTier(userId))) throw appError("overage_not_possible");
      if (capCredits !== null) await deps.prepareOverage?.(userId);
      await setOverageCap(pool, userId, capCredits);
      await appendAudit(db, { userId, action: "credits.overage", subject: userId, data: { capCredits } });
      return readCredits(deps, userId);
    },
  };
}

async function readCredits(deps: CreditsHandlerDeps, userId: string): Promise<CreditsView> {
  const tier = await beginMonth(deps, userId);
  const [account, hasOwnKey] = await Promise.all([findAccount(deps.pool, userId), hasModelKey(deps.db, userId)]);
  return toCreditsView(account, { tier, aiUsage: chooseAiUsage(tier, hasOwnKey) });
}

/** The customer's tier, with the month of it begun where no invoice begins it. */
async function beginMonth({ db, pool, findTier, now }: CreditsHandlerDeps, userId: string): Promise<Tier> {
  const [tier, user] = await Promise.all([
    findTier(userId),
    db.user.findUniqueOrThrow({ where: { id: userId }, select: { createdAt: true } }),
  ]);
  await grantUnpaidMonth(pool, { userId, tier, sinceMs: user.createdAt.getTime() }, now);
  return tier;
}
