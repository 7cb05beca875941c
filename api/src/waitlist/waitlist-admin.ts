import { once } from "node:events";
import type { WaitlistView } from "@automna/contract/waitlist";
import type { Clock } from "@automna/core/shared/clock";
import { roomFor } from "@automna/core/waitlist/waitlist";
import { appendAudit } from "@automna/records/audit";
import type { Database } from "@automna/records/database";
import { toCsvRow } from "../http/csv.ts";
import type { Handlers } from "../http/routes.ts";
import { countTaken, inviteBatch } from "./waitlist-entries.ts";

export interface WaitlistAdminDeps {
  db: Database;
  now: Clock;
  /** Invitations that may be open or used at once. */
  betaCap: number;
}

const PAGE = 1_000;
/** More than one reads; the file has all. */
const SHOWN = 200;
const HEAD = ["email", "state", "asked", "confirmed", "invited", "joined"];

/** The waitlist for operators. */
export function makeWaitlistAdmin({
  db,
  now,
  betaCap: cap,
}: WaitlistAdminDeps): Pick<Handlers, "adminWaitlist" | "adminWaitlistEntries" | "adminWaitlistCsv" | "adminInvite"> {
  const readView = async (): Promise<WaitlistView> => {
    const [groups, taken] = await Promise.all([
      db.waitlistEntry.groupBy({ by: ["state"], _count: true }),
      countTaken(db, new Date(now())),
    ]);
    const count = (state: string) => groups.find((group) => group.state === state)?._count ?? 0;
    return {
      pending: count("pending"),
      confirmed: count("confirmed"),
      invited: count("invited"),
      joined: count("joined"),
      cap,
      room: roomFor(cap, { cap, taken }),
    };
  };
  return {
    adminWaitlist: readView,
    async adminWaitlistEntries({ query: { state } }) {
      const rows = await db.waitlistEntry.findMany({
        where: { state },
        orderBy: [{ confirmedAt: "asc" }, { createdAt: "asc" }],
        take: SHOWN + 1,
      });
      const entries = rows.slice(0, SHOWN).map(({ id, email, createdAt, ...times }) => ({
        id,
        email,
        askedAtMs: createdAt.getTime(),
        confirmedAtMs: times.confirmedAt?.getTime() ?? null,
        invitedAtMs: times.invitedAt?.getTime() ?? null,
        inviteUntilMs: times.inviteUntil?.getTime() ?? null,
        joinedAtMs: times.joinedAt?.getTime() ?? null,
      }));
      return { entries, isCut: rows.length > SHOWN };
    },
    async adminInvite({ caller, body: { count, promotionCode } }) {
      const batch = { count, promotionCode: promotionCode ?? null, cap, operatorId: caller.userId };
      const invited = await inviteBatch(db, batch, new Date(now()));
      return { invited, view: await readView() };
    },
    async adminWaitlistCsv({ caller, response, signal }) {
      await appendAudit(db, { userId: caller.userId, action: "waitlist.exported", subject: "waitlist" });
      let rows = await listEntries(db, "");
      response.set({
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="automna-waitlist.csv"',
      });
      response.write(toCsvRow(HEAD));
      while (rows.length > 0) {
        signal.throwIfAborted();
        const text = rows
          .map(({ email, state, createdAt, confirmedAt, invitedAt, joinedAt }) =>
            toCsvRow([
              email,
              state,
              ...[createdAt, confirmedAt, invitedAt, joinedAt].map((at) => at?.toISOString() ?? ""),
            ]),
          )
          .join("");
        if (!response.write(text)) await once(response, "drain", { signal });
        rows = rows.length < PAGE ? [] : await listEntries(db, rows.at(-1)?.id ?? "");
      }
      response.end();
    },
  };
}

function listEntries(db: Database, afterId: string) {
  return db.waitlistEntry.findMany({ where: { id: { gt: afterId } }, orderBy: { id: "asc" }, take: PAGE });
}
