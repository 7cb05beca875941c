import { SECOND_MS } from "@automna/core/shared/clock";
import { appError } from "@automna/contract/error-catalogue";
import type { Database } from "@automna/records/database";
import { withDeadline } from "../http/deadline.ts";
import type { Handlers } from "../http/routes.ts";

const DATABASE_DEADLINE_MS = 2 * SECOND_MS;

export function makeHealthHandlers(db: Database): Pick<Handlers, "health"> {
  return {
    async health() {
      try {
        await withDeadline(db.$queryRaw`SELECT 1`, DATABASE_DEADLINE_MS);
      } catch (cause) {
        throw appError("service_unavailable", { cause });
      }
      return { ok: true };
    },
  };
}
