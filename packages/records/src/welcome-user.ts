import type { Transaction } from "./database.ts";
import { enqueueMail } from "./mails.ts";

/** The first mail of an account, in the transaction that makes it known; once. */
export async function welcomeUser(tx: Transaction, userId: string): Promise<void> {
  await enqueueMail(tx, { key: `welcome/${userId}`, template: "welcome", to: { userId }, data: {} });
}
