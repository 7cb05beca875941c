import { appError } from "@automna/contract/error-catalogue";
import type { Statement } from "@automna/contract/credits";
import { describeEntry } from "@automna/core/credits/statement";
import { listStatement } from "@automna/records/credits/statement";
import type { Database } from "@automna/records/database";
import type { Handlers } from "../http/routes.ts";
import { actOnCustomer } from "./act-on-customer.ts";
import type { ActionDeps } from "./actions/action.ts";
import { listCustomerAudit, listCustomerEvents } from "./customer-history.ts";
import { findCustomers } from "./find-customers.ts";
import { listPayments } from "./list-payments.ts";
import { readCustomer } from "./read-customer.ts";

export interface AdminHandlerDeps extends ActionDeps {
  limitActions: (operatorId: string) => void;
}

type AdminHandlers = Pick<
  Handlers,
  | "findCustomers"
  | "getCustomer"
  | "getCustomerStatement"
  | "getCustomerPayments"
  | "getCustomerEvents"
  | "getCustomerAudit"
  | "actOnCustomer"
>;

/** What operators see of customers and do for them. Each route's access keeps everybody else out. */
export function makeAdminHandlers(deps: AdminHandlerDeps): AdminHandlers {
  const { db, pool, stripe, now, limitActions } = deps;
  return {
    findCustomers: ({ query }) => findCustomers(db, query.q),
    getCustomer: ({ params }) => readCustomer({ db, pool, sells: stripe !== null }, params.userId, new Date(now())),
    async getCustomerStatement({ params: { userId }, query: { before, limit } }) {
      await assertCustomer(db, userId);
      const found = await listStatement(pool, { userId, before: before ?? null, limit: limit + 1 });
      const entries: Statement["entries"] = found
        .slice(0, limit)
        .map(({ number, atMs, kind, subject, credits, balanceAfter }) => ({
          number,
          atMs,
          text: describeEntry(kind, subject),
          credits,
          balance: balanceAfter,
        }));
      return { entries, nextBefore: found.length > limit ? (entries.at(-1)?.number ?? null) : null };
    },
    async getCustomerPayments({ params: { userId } }) {
      await assertCustomer(db, userId);
      return listPayments(db, stripe, userId);
    },
    async getCustomerEvents({ params: { userId } }) {
      await assertCustomer(db, userId);
      return listCustomerEvents(db, userId);
    },
    async getCustomerAudit({ params: { userId } }) {
      await assertCustomer(db, userId);
      return listCustomerAudit(db, userId);
    },
    async actOnCustomer({ caller, params: { userId }, body }) {
      limitActions(caller.userId);
      return actOnCustomer(deps, { ...body, operatorId: caller.userId, userId });
    },
  };
}

async function assertCustomer(db: Database, userId: string): Promise<void> {
  if ((await db.user.count({ where: { id: userId } })) === 0) throw appError("customer_not_found");
}
