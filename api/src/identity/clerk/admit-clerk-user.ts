import type { SessionClaims } from "@automna/contract/identity";
import { isUserId } from "@automna/core/shared/ids";
import { appError } from "@automna/contract/error-catalogue";
import type { Database } from "@automna/records/database";

/**
 * Records a user that Clerk knows and we do not yet. Session tokens carry no profile, so the address is one that can't
 * exist (RFC 2606) and is unique, until the profile is known. Doing it twice changes nothing.
 */
export async function admitClerkUser(db: Database, { sub }: Pick<SessionClaims, "sub">): Promise<void> {
  if (!isUserId(sub)) throw appError("not_signed_in");
  await db.user.createMany({
    data: [{ id: sub, issuer: "clerk", email: `${sub}@clerk.invalid` }],
    skipDuplicates: true,
  });
}
