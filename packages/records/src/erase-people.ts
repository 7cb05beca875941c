import type { Transaction } from "./database.ts";
import { eraseMailsTo } from "./mails.ts";

/**
 * What an account leaves with the waitlist, mail, feedback and referrals is erased with it. That somebody was brought stays,
 * without network and cards: the one who brought them keeps their credits.
 */
export async function erasePeople(
  tx: Transaction,
  { userId, email }: { userId: string; email: string },
): Promise<void> {
  await tx.waitlistEntry.deleteMany({ where: { OR: [{ joinedUserId: userId }, { email }] } });
  await eraseMailsTo(tx, email);
  await tx.mail.updateMany({ where: { userId }, data: { data: {} } });
  await tx.feedback.deleteMany({ where: { userId } });
  await tx.referral.updateMany({ where: { referredId: userId }, data: { network: null, cards: [] } });
}
