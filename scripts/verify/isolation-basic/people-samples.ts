import { DAY_MS } from "@automna/core/shared/clock";
import { makeSignedToken, type TokenPurpose } from "@automna/service-kit/signed-token";
import type { TestApi } from "../../../api/src/testing/start-test-api.ts";

const ENTRY_ID = "wai_00000000000000000000";
const EMAIL = "waiting@example.com";
const INVITE_CODE = "000000000000";
const MAIL_KEY = "sample/given-up";

/** Somebody on the waitlist, invited, as the calls below find them. */
async function putEntry({ db }: TestApi): Promise<void> {
  await db.waitlistEntry.deleteMany({ where: { OR: [{ id: ENTRY_ID }, { email: EMAIL }] } });
  const inviteUntil = new Date(Date.now() + DAY_MS);
  await db.waitlistEntry.create({
    data: { id: ENTRY_ID, email: EMAIL, state: "invited", inviteCode: INVITE_CODE, inviteUntil },
  });
}

const link = (purpose: TokenPurpose) => async (api: TestApi) => {
  await putEntry(api);
  const expiresAtMs = Date.now() + DAY_MS;
  const token = makeSignedToken(api.modelKeyRing, { purpose, subject: ENTRY_ID, expiresAtMs });
  return { query: `?token=${encodeURIComponent(token)}` };
};

/** Good calls of the routes for waitlist, referrals, feedback and mail. */
export const peopleSamples = {
  joinWaitlist: () => ({ body: { email: EMAIL } }),
  confirmWaitlistPage: link("waitlist-confirm"),
  confirmWaitlist: link("waitlist-confirm"),
  leaveWaitlistPage: link("waitlist-leave"),
  leaveWaitlist: link("waitlist-leave"),
  async redeemInvite(api: TestApi) {
    await putEntry(api);
    return { body: { code: INVITE_CODE } };
  },
  claimReferral: () => ({ body: { code: "0000000000", seenAtMs: Date.now() } }),
  giveFeedback: () => ({ body: { kind: "idea", text: "More of it.", page: "/dashboard" } }),
  adminWaitlistEntries: () => ({ query: "?state=confirmed" }),
  adminInvite: () => ({ body: { count: 1 } }),
  adminMails: () => ({ query: "?state=given_up" }),
  async adminRetryMail({ db }: TestApi) {
    const data = { template: "welcome", address: EMAIL, state: "given_up" as const };
    await db.mail.upsert({ where: { key: MAIL_KEY }, create: { key: MAIL_KEY, ...data }, update: data });
    return { body: { key: MAIL_KEY } };
  },
};
