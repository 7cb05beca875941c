import type { Clock } from "@automna/core/shared/clock";
import { transactionLimits, type Database } from "@automna/records/database";
import { enqueueMail } from "@automna/records/mails";
import { newId } from "@automna/service-kit/new-id";
import type { Handlers } from "../http/routes.ts";

export interface FeedbackHandlerDeps {
  db: Database;
  now: Clock;
  /** Null = feedback is kept and mailed to nobody. */
  operatorAddress: string | null;
  limitFeedback: (userId: string) => void;
}

const SHOWN = 200;

export function makeFeedbackHandlers(deps: FeedbackHandlerDeps): Pick<Handlers, "giveFeedback" | "adminFeedback"> {
  const { db, now, operatorAddress, limitFeedback } = deps;
  return {
    async giveFeedback({ caller: { userId }, body }) {
      limitFeedback(userId);
      await db.$transaction(async (tx) => {
        const { id } = await tx.feedback.create({
          data: { id: newId("fbk"), userId, ...body, createdAt: new Date(now()) },
        });
        if (operatorAddress === null) return;
        const to = { address: operatorAddress };
        await enqueueMail(tx, { key: `feedback/${id}`, template: "feedback", to, data: { feedbackId: id } });
      }, transactionLimits);
    },
    async adminFeedback() {
      const rows = await db.feedback.findMany({ orderBy: { createdAt: "desc" }, take: SHOWN, include: { user: true } });
      return {
        feedback: rows.map(({ id, userId, user, kind, text, page, createdAt }) => ({
          id,
          userId,
          email: user.email,
          kind,
          text,
          page,
          createdAtMs: createdAt.getTime(),
        })),
      };
    },
  };
}
