import { z } from "zod";
import {
  actOnCustomerSchema,
  actedSchema,
  customerAuditSchema,
  customerEventsSchema,
  customerPaymentsSchema,
  customerViewSchema,
  findCustomersSchema,
  foundCustomersSchema,
  supportAccessSchema,
} from "./admin.ts";
import type { ApiRoute } from "./api-routes.ts";
import { statementQuerySchema, statementSchema } from "./credits.ts";

const userParams = z.object({ userId: z.string().regex(/^user_[0-9A-Za-z]{8,64}$/) });

/** Support access, and what operators see and do of customers. */
export const customerRoutes = {
  getSupportAccess: {
    method: "get",
    path: "/api/support-access",
    summary: "Whether an operator may look at what is yours now, why and until when.",
    access: "session",
    success: { status: 200, body: supportAccessSchema },
  },
  endSupportAccess: {
    method: "delete",
    path: "/api/support-access",
    summary: "End support access now.",
    access: "session",
    success: { status: 200, body: supportAccessSchema },
  },
  findCustomers: {
    method: "get",
    path: "/api/admin/customers",
    summary: "Customers by e-mail, name, user id, agent id or Stripe's customer id.",
    access: "operator",
    query: findCustomersSchema,
    success: { status: 200, body: foundCustomersSchema },
  },
  getCustomer: {
    method: "get",
    path: "/api/admin/customers/:userId",
    summary: "One customer: account, plan, credits, agents.",
    access: "operator",
    params: userParams,
    success: { status: 200, body: customerViewSchema },
  },
  getCustomerStatement: {
    method: "get",
    path: "/api/admin/customers/:userId/statement",
    summary: "A customer's ledger, newest first.",
    access: "operator",
    params: userParams,
    query: statementQuerySchema,
    success: { status: 200, body: statementSchema },
  },
  getCustomerPayments: {
    method: "get",
    path: "/api/admin/customers/:userId/payments",
    summary: "What a customer has paid, newest first.",
    access: "operator",
    params: userParams,
    success: { status: 200, body: customerPaymentsSchema },
  },
  getCustomerEvents: {
    method: "get",
    path: "/api/admin/customers/:userId/events",
    summary: "What happened to a customer's agents, newest first.",
    access: "operator",
    params: userParams,
    success: { status: 200, body: customerEventsSchema },
  },
  getCustomerAudit: {
    method: "get",
    path: "/api/admin/customers/:userId/audit",
    summary: "Who did what to a customer's affairs and why, newest first.",
    access: "operator",
    params: userParams,
    success: { status: 200, body: customerAuditSchema },
  },
  actOnCustomer: {
    method: "post",
    path: "/api/admin/customers/:userId/actions",
    summary: "Do something to a customer's affairs, with a reason; the same key again does it once.",
    access: "operator",
    params: userParams,
    body: actOnCustomerSchema,
    success: { status: 200, body: actedSchema },
  },
} as const satisfies Record<string, ApiRoute>;
