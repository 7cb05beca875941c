import { canonicalEmail } from "@automna/core/referrals/canonical-email";
import { judgeSignUp, NETWORK_WINDOW_MS } from "@automna/core/referrals/referral";
import { appendAudit } from "@automna/records/audit";
import { transactionLimits, type Database, type Transaction } from "@automna/records/database";
import { newCode } from "@automna/service-kit/new-id";

const CODE_LENGTH = 10;

/** The customer's own code, made on first use. */
export async function ensureCode(db: Database, userId: string, network: string | null): Promise<string> {
  await db.referralCode.createMany({ data: [{ userId, code: newCode(CODE_LENGTH), network }], skipDuplicates: true });
  return (await db.referralCode.findUniqueOrThrow({ where: { userId } })).code;
}

export interface Claim {
  userId: string;
  code: string;
  /** When the browser came through the link. */
  seenAtMs: number;
  network: string | null;
}

/**
 * Writes down who brought a new customer: the first claim counts, for good, and one that breaks a rule is kept as refused.
 * A code that nobody has is nothing.
 */
export async function claimReferral(db: Database, claim: Claim, nowMs: number): Promise<void> {
  const { userId, code, seenAtMs, network } = claim;
  const link = await db.referralCode.findUnique({ where: { code }, include: { user: true } });
  if (link === null || link.user.state !== "active") return;
  await db.$transaction(async (tx) => {
    // Sign-ups of one referrer are judged one after the other: each must see the ones before it.
    await lockReferrer(tx, link.userId);
    const user = await tx.user.findUniqueOrThrow({ where: { id: userId } });
    const earlier = await tx.referral.findMany({
      where: { referrerId: link.userId },
      include: { referred: { select: { email: true } } },
    });
    const isRecent = (at: Date) => at.getTime() > nowMs - NETWORK_WINDOW_MS;
    const reason = judgeSignUp(
      {
        referrer: { id: link.userId, email: link.user.email, network: link.network },
        referred: { id: userId, email: user.email, createdAtMs: user.createdAt.getTime(), network },
        earlierEmails: earlier.map(({ referred }) => canonicalEmail(referred.email)),
        fromSameNetwork: earlier.filter((one) => network !== null && one.network === network && isRecent(one.createdAt))
          .length,
        seenAtMs,
      },
      nowMs,
    );
    const state = reason === null ? ("waiting" as const) : ("refused" as const);
    const row = { referredId: userId, referrerId: link.userId, state, reason, network, createdAt: new Date(nowMs) };
    const { count } = await tx.referral.createMany({ data: [row], skipDuplicates: true });
    // Claimed before, with this link or another.
    if (count === 0) return;
    const data = { referrer: link.userId, state, reason };
    await appendAudit(tx, { userId, action: "referral.claimed", subject: userId, data });
  }, transactionLimits);
}

/** Whatever counts or pays a referrer's referrals happens one after the other. */
export async function lockReferrer(tx: Transaction, referrerId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`referral/${referrerId}`}, 0))::text`;
}
