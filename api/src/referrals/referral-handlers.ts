import { referralPath } from "@automna/contract/paths";
import type { Clock } from "@automna/core/shared/clock";
import { networkOf } from "@automna/core/referrals/network";
import { MONTHLY_CAP, REFERRAL_CREDITS } from "@automna/core/referrals/referral";
import type { Database } from "@automna/records/database";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { markOf } from "@automna/service-kit/signed-token";
import type { Request } from "express";
import type { Handlers } from "../http/routes.ts";
import { claimReferral, ensureCode } from "./referral-entries.ts";

export interface ReferralHandlerDeps {
  db: Database;
  now: Clock;
  origin: string;
  /** Keys the marks of networks. */
  modelKeyRing: KeyRing;
  clientAddress: (request: Request) => string;
  limitReferral: (userId: string) => void;
}

const SHOWN = 100;

export function makeReferralHandlers(deps: ReferralHandlerDeps): Pick<Handlers, "getReferrals" | "claimReferral"> {
  const { db, now, origin, modelKeyRing, clientAddress, limitReferral } = deps;
  const networkMark = (request: Request): string | null => {
    const network = networkOf(clientAddress(request));
    return network === null ? null : markOf(modelKeyRing, "network", network);
  };
  return {
    async getReferrals({ caller: { userId }, request }) {
      const code = await ensureCode(db, userId, networkMark(request));
      const referrals = await db.referral.findMany({
        where: { referrerId: userId },
        orderBy: { createdAt: "desc" },
        take: SHOWN,
      });
      return {
        link: `${origin}${referralPath(code)}`,
        creditsEach: REFERRAL_CREDITS,
        monthlyCap: MONTHLY_CAP,
        referrals: referrals.map(({ createdAt, state, reason }) => ({
          joinedAtMs: createdAt.getTime(),
          state,
          reason,
        })),
      };
    },
    // Nothing is answered: who tries codes or accounts learns nothing from it.
    async claimReferral({ caller: { userId }, request, body: { code, seenAtMs } }) {
      limitReferral(userId);
      await claimReferral(db, { userId, code, seenAtMs, network: networkMark(request) }, now());
    },
  };
}
