import { DAY_MS, type Clock } from "@automna/core/shared/clock";
import { judgePayment, monthStartMs, REFERRAL_CREDIT_DAYS, REFERRAL_CREDITS } from "@automna/core/referrals/referral";
import { appendAudit } from "@automna/records/audit";
import { grantCredits, takeBackCredits } from "@automna/records/credits/credits";
import { transactionLimits, type Database } from "@automna/records/database";
import { enqueueMail } from "@automna/records/mails";
import type { Pool } from "@automna/records/pool";
import type { Logger } from "@automna/service-kit/log";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { markOf } from "@automna/service-kit/signed-token";
import type { ReadCards } from "./card-reader.ts";
import { lockReferrer } from "./referral-entries.ts";

export interface SettleReferralDeps {
  db: Database;
  pool: Pool;
  readCards: ReadCards;
  /** Keys the marks of cards. */
  modelKeyRing: KeyRing;
  log: Logger;
  now: Clock;
}

type Step = "judge" | "give" | "reverse" | "take";

interface DueReferral {
  referredId: string;
  referrerId: string;
  invoiceId: string | null;
  step: Step;
}

const BATCH = 200;

/**
 * Takes every step that is due: judges first payments, gives credit, and takes it back when the payment went back. The
 * decision is committed before the ledger is asked, and each ledger entry has a key of the referral, so that a crash
 * between any two lines is made good by the next run. Answers how many steps were taken.
 */
export async function settleReferrals(deps: SettleReferralDeps): Promise<number> {
  const due = await listDue(deps.db);
  let count = 0;
  for (const referral of due) {
    try {
      await steps[referral.step](deps, referral);
      count += 1;
    } catch (error) {
      // The others must not wait for it; the next run takes it up again.
      deps.log.warn({ err: error, referred: referral.referredId, step: referral.step }, "referral not settled");
    }
  }
  // A step may have led to another one.
  return count === 0 ? 0 : count + (await settleReferrals(deps));
}

async function listDue(db: Database): Promise<DueReferral[]> {
  return db.$queryRaw<DueReferral[]>`
    SELECT * FROM (
      SELECT DISTINCT ON (r.referred_id) r.referred_id AS "referredId", r.referrer_id AS "referrerId",
        i.id AS "invoiceId", 'judge' AS step
      FROM referrals r JOIN paid_invoices i ON i.user_id = r.referred_id
      WHERE r.state = 'waiting' AND i.amount_cents > 0 AND i.returned_cents < i.amount_cents
      ORDER BY r.referred_id, i.settled_at, i.id
    ) AS paid
    UNION ALL
    SELECT r.referred_id, r.referrer_id, r.invoice_id,
      CASE WHEN r.state = 'reversing' THEN 'take' WHEN i.returned_cents >= i.amount_cents THEN 'reverse' ELSE 'give' END
    FROM referrals r JOIN paid_invoices i ON i.id = r.invoice_id
    WHERE r.state IN ('earned', 'reversing') OR (r.state = 'credited' AND i.returned_cents >= i.amount_cents)
    LIMIT ${BATCH}`;
}

const steps: Readonly<Record<Step, (deps: SettleReferralDeps, due: DueReferral) => Promise<void>>> = {
  judge,
  give,
  async reverse({ db }, { referredId }) {
    await db.referral.updateMany({
      where: { referredId, state: { in: ["earned", "credited"] } },
      data: { state: "reversing", reason: "payment_returned" },
    });
  },
  take,
};

async function judge(deps: SettleReferralDeps, { referredId, referrerId, invoiceId }: DueReferral): Promise<void> {
  const { db, now } = deps;
  const [cards, ownCards] = await Promise.all([readMarks(deps, referredId), readMarks(deps, referrerId)]);
  const earnedAt = new Date(now());
  await db.$transaction(async (tx) => {
    await lockReferrer(tx, referrerId);
    const [sameCard, earnedThisMonth] = await Promise.all([
      tx.referral.count({ where: { referrerId, referredId: { not: referredId }, cards: { hasSome: cards } } }),
      tx.referral.count({ where: { referrerId, earnedAt: { gte: new Date(monthStartMs(earnedAt.getTime())) } } }),
    ]);
    const hasKnownCard = sameCard > 0 || cards.some((card) => ownCards.includes(card));
    const reason = judgePayment({ hasKnownCard, earnedThisMonth });
    const decided =
      reason === null ? { state: "earned" as const, earnedAt, invoiceId } : { state: "refused" as const, reason };
    const { count } = await tx.referral.updateMany({
      where: { referredId, state: "waiting" },
      data: { ...decided, cards },
    });
    // Another worker was faster.
    if (count === 0) return;
    const data = { referrer: referrerId, state: decided.state, reason };
    await appendAudit(tx, { userId: referrerId, action: "referral.judged", subject: referredId, data });
  }, transactionLimits);
}

async function give(deps: SettleReferralDeps, { referredId, referrerId }: DueReferral): Promise<void> {
  const { db, pool, now } = deps;
  await db.$transaction(async (tx) => {
    // Until the row says so nobody takes back what is being given.
    await lockReferrer(tx, referrerId);
    const { state, earnedAt } = await tx.referral.findUniqueOrThrow({ where: { referredId } });
    if (state !== "earned" || earnedAt === null) return;
    const grant = {
      userId: referrerId,
      key: keyOf(referredId),
      credits: REFERRAL_CREDITS,
      source: "referral" as const,
      expiresAtMs: earnedAt.getTime() + REFERRAL_CREDIT_DAYS * DAY_MS,
    };
    // The ledger keeps its own transactions; the same grant again is the same one.
    await grantCredits(pool, grant, now());
    await tx.referral.update({ where: { referredId }, data: { state: "credited" } });
    await enqueueMail(tx, {
      key: grant.key,
      template: "referral-credit",
      to: { userId: referrerId },
      data: { credits: grant.credits, untilMs: grant.expiresAtMs },
    });
  }, transactionLimits);
}

async function take({ db, pool, now }: SettleReferralDeps, { referredId, referrerId }: DueReferral): Promise<void> {
  await db.$transaction(async (tx) => {
    await lockReferrer(tx, referrerId);
    const { state } = await tx.referral.findUniqueOrThrow({ where: { referredId } });
    if (state !== "reversing") return;
    const key = keyOf(referredId);
    // It may have been reversed before it was given. What was spent of it already becomes a debt.
    if ((await tx.creditGrant.count({ where: { userId: referrerId, key } })) > 0)
      await takeBackCredits(pool, { userId: referrerId, key, credits: REFERRAL_CREDITS }, now());
    await tx.referral.update({ where: { referredId }, data: { state: "reversed" } });
    await appendAudit(tx, { userId: referrerId, action: "referral.reversed", subject: referredId });
  }, transactionLimits);
}

async function readMarks({ db, readCards, modelKeyRing }: SettleReferralDeps, userId: string): Promise<string[]> {
  const customer = await db.billingCustomer.findUnique({ where: { userId } });
  const cards = customer === null ? [] : await readCards(customer.customerId);
  return cards.map((card) => markOf(modelKeyRing, "card", card));
}

/** Of the referral's ledger entries and mail. */
function keyOf(referredId: string): string {
  return `referral/${referredId}`;
}
