import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import { z } from "zod";
import {
  actedSchema,
  actOnCustomerSchema,
  customerAuditSchema,
  customerEventsSchema,
  customerPaymentsSchema,
  customerViewSchema,
  findCustomersSchema,
  foundCustomersSchema,
  supportAccessSchema,
} from "./admin.ts";
import { apiKeyListSchema, createApiKeySchema, createdApiKeySchema } from "./api-keys.ts";
import { agentAnswerSchema, agentListSchema, chooseModelSchema, deployAgentSchema } from "./agents.ts";
import {
  appAnswerSchema,
  appListSchema,
  appNameSchema,
  handleAnswerSchema,
  putAppSchema,
  putHandleSchema,
} from "./apps.ts";
import {
  creditsViewSchema,
  modelUsageQuerySchema,
  modelUsageSchema,
  putOverageSchema,
  statementQuerySchema,
  statementSchema,
} from "./credits.ts";
import { billingRoutes } from "./billing-routes.ts";
import { peopleRoutes } from "./people-routes.ts";
import {
  accountDeletionSchema,
  deleteAccountSchema,
  identityInfoSchema,
  keyViewSchema,
  localSignInSchema,
  meSchema,
  putKeySchema,
} from "./identity.ts";

export interface ApiRoute {
  method: "get" | "post" | "put" | "delete";
  /** Express path below the origin. */
  path: string;
  summary: string;
  /**
   * public: anyone; session: signed in; the handler decides ownership and answers 404 for what is not the caller's;
   * operator: signed in with the role `operator`; webhook: a vendor, whose signature over the raw body the handler checks;
   * open: anyone from anywhere, also a form without JavaScript or a mail program: the browser's cookies count for nothing.
   */
  access: "public" | "session" | "operator" | "webhook" | "open";
  /** What an API key needs to use it; without it no key may. */
  keyScope?: ApiKeyScope;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Status of success and the schema of its JSON body; null = no JSON (redirect, stream, 204). */
  success: { status: number; body: z.ZodType | null; contentType?: string };
}

const userParams = z.object({ userId: z.string().regex(/^user_[0-9A-Za-z]{8,64}$/) });
const apiKeyParams = z.object({ keyId: z.string().regex(/^key_[0-9a-z]{20}$/) });
const agentParams = z.object({ agentId: z.string().regex(/^agt_[0-9a-z]{20}$/) });
const appParams = agentParams.extend({ name: appNameSchema });

/** Every route of the REST API. api mounts exactly these, OpenAPI is generated from them, the dashboard calls them. */
export const apiRoutes = {
  health: {
    method: "get",
    path: "/api/health",
    summary: "Is the API up, and can it reach its database?",
    access: "public",
    success: { status: 200, body: z.object({ ok: z.literal(true) }) },
  },
  openapi: {
    method: "get",
    path: "/api/openapi.json",
    summary: "This description.",
    access: "public",
    success: { status: 200, body: z.unknown() },
  },

  identity: {
    method: "get",
    path: "/api/identity",
    summary: "Which identity issuer is in use.",
    access: "public",
    success: { status: 200, body: identityInfoSchema },
  },
  localStart: {
    method: "get",
    path: "/api/identity/local/start",
    summary: "Open a start link: admits this browser, once.",
    access: "public",
    query: z.object({ token: z.string().max(500) }),
    success: { status: 303, body: null },
  },
  localSignIn: {
    method: "post",
    path: "/api/identity/local/sign-in",
    summary: "Sign in on this machine (admitted browsers only).",
    access: "public",
    body: localSignInSchema,
    success: { status: 200, body: meSchema },
  },
  localToken: {
    method: "post",
    path: "/api/identity/local/token",
    summary: "A fresh session token cookie from the refresh cookie.",
    access: "public",
    success: { status: 200, body: z.object({ expiresAtMs: z.number().int() }) },
  },
  localSignOut: {
    method: "post",
    path: "/api/identity/local/sign-out",
    summary: "End this session everywhere.",
    access: "public",
    success: { status: 204, body: null },
  },

  me: {
    method: "get",
    path: "/api/me",
    summary: "The signed-in user, the key's last 4 and the session.",
    access: "session",
    success: { status: 200, body: meSchema },
  },
  accountDeletion: {
    method: "get",
    path: "/api/account/deletion",
    summary: "Is your account about to be deleted, and when?",
    access: "session",
    success: { status: 200, body: accountDeletionSchema },
  },
  deleteAccount: {
    method: "post",
    path: "/api/account/deletion",
    summary: "Delete your account: the plan ends and the agent stops now, all data is erased after 30 days.",
    access: "session",
    body: deleteAccountSchema,
    success: { status: 202, body: accountDeletionSchema },
  },
  keepAccount: {
    method: "delete",
    path: "/api/account/deletion",
    summary: "Keep your account after all, while its data is still there.",
    access: "session",
    success: { status: 200, body: accountDeletionSchema },
  },
  getKey: {
    method: "get",
    path: "/api/key",
    summary: "The stored key, last 4 only.",
    access: "session",
    success: { status: 200, body: keyViewSchema },
  },
  putKey: {
    method: "put",
    path: "/api/key",
    summary: "Validate a key live with the provider and seal it.",
    access: "session",
    body: putKeySchema,
    success: { status: 200, body: keyViewSchema },
  },
  deleteKey: {
    method: "delete",
    path: "/api/key",
    summary: "Forget the key.",
    access: "session",
    success: { status: 200, body: keyViewSchema },
  },

  ...billingRoutes,
  stripeWebhook: {
    method: "post",
    path: "/api/webhooks/stripe",
    summary: "Stripe's events, into the inbox.",
    access: "webhook",
    success: { status: 200, body: z.object({ received: z.literal(true) }) },
  },
  clerkWebhook: {
    method: "post",
    path: "/api/webhooks/clerk",
    summary: "Clerk's events, into the inbox.",
    access: "webhook",
    success: { status: 200, body: z.object({ received: z.literal(true) }) },
  },

  listAgents: {
    method: "get",
    path: "/api/agents",
    summary: "Your agents.",
    access: "session",
    keyScope: "agents:read",
    success: { status: 200, body: agentListSchema },
  },
  deployAgent: {
    method: "post",
    path: "/api/agents",
    summary: "Deploy your agent; the same call again answers the same agent.",
    access: "session",
    body: deployAgentSchema,
    success: { status: 202, body: agentAnswerSchema },
  },
  getAgent: {
    method: "get",
    path: "/api/agents/:agentId",
    summary: "One agent.",
    access: "session",
    keyScope: "agents:read",
    params: agentParams,
    success: { status: 200, body: agentAnswerSchema },
  },
  stopAgent: {
    method: "post",
    path: "/api/agents/:agentId/stop",
    summary: "Stop; files and history stay.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  startAgent: {
    method: "post",
    path: "/api/agents/:agentId/start",
    summary: "Start a stopped or failed agent.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  restartAgent: {
    method: "post",
    path: "/api/agents/:agentId/restart",
    summary: "Stop and start.",
    access: "session",
    keyScope: "agents:write",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  chooseModel: {
    method: "put",
    path: "/api/agents/:agentId/model",
    summary: "Where its answers come from, from the next one on: your key, credits or the demo model.",
    access: "session",
    params: agentParams,
    body: chooseModelSchema,
    success: { status: 200, body: agentAnswerSchema },
  },
  deleteAgent: {
    method: "delete",
    path: "/api/agents/:agentId",
    summary: "Delete the agent with its files and history.",
    access: "session",
    params: agentParams,
    success: { status: 202, body: agentAnswerSchema },
  },
  agentEvents: {
    method: "get",
    path: "/api/agents/:agentId/events",
    summary: "Live state as server-sent events.",
    access: "session",
    params: agentParams,
    success: { status: 200, body: null, contentType: "text/event-stream" },
  },

  listApps: {
    method: "get",
    path: "/api/agents/:agentId/apps",
    summary: "What your agent has published, and where.",
    access: "session",
    params: agentParams,
    success: { status: 200, body: appListSchema },
  },
  putApp: {
    method: "put",
    path: "/api/agents/:agentId/apps/:name",
    summary: "Switch an app on or off, and say who may see it.",
    access: "session",
    params: appParams,
    body: putAppSchema,
    success: { status: 200, body: appAnswerSchema },
  },
  openApp: {
    method: "post",
    path: "/api/agents/:agentId/apps/:name/ticket",
    summary: "An address that lets you, and once, into your private app.",
    access: "session",
    params: appParams,
    success: { status: 200, body: z.object({ url: z.string() }) },
  },
  putHandle: {
    method: "put",
    path: "/api/apps/handle",
    summary: "The name in the addresses of your apps; a former one stays yours.",
    access: "session",
    body: putHandleSchema,
    success: { status: 200, body: handleAnswerSchema },
  },

  getCredits: {
    method: "get",
    path: "/api/credits",
    summary: "Your balance, this month's use, warnings, overage and prices.",
    access: "session",
    keyScope: "credits:read",
    success: { status: 200, body: creditsViewSchema },
  },
  getStatement: {
    method: "get",
    path: "/api/credits/statement",
    summary: "What is behind the balance, newest first.",
    access: "session",
    keyScope: "credits:read",
    query: statementQuerySchema,
    success: { status: 200, body: statementSchema },
  },
  getStatementCsv: {
    method: "get",
    path: "/api/credits/statement.csv",
    summary: "The statement as a file, newest first.",
    access: "session",
    keyScope: "credits:read",
    success: { status: 200, body: null, contentType: "text/csv" },
  },
  getModelUsage: {
    method: "get",
    path: "/api/credits/usage",
    summary: "Your agents' model calls by day and model: messages, tokens, credits.",
    access: "session",
    query: modelUsageQuerySchema,
    success: { status: 200, body: modelUsageSchema },
  },
  putOverage: {
    method: "put",
    path: "/api/credits/overage",
    summary: "How far the balance may go below 0; null switches overage off.",
    access: "session",
    body: putOverageSchema,
    success: { status: 200, body: creditsViewSchema },
  },

  listApiKeys: {
    method: "get",
    path: "/api/api-keys",
    summary: "Your API keys; of none the secret.",
    access: "session",
    success: { status: 200, body: apiKeyListSchema },
  },
  createApiKey: {
    method: "post",
    path: "/api/api-keys",
    summary: "Make an API key: the only answer that ever holds it whole.",
    access: "session",
    body: createApiKeySchema,
    success: { status: 201, body: createdApiKeySchema },
  },
  revokeApiKey: {
    method: "delete",
    path: "/api/api-keys/:keyId",
    summary: "End an API key for good, everywhere, within 2 seconds.",
    access: "session",
    params: apiKeyParams,
    success: { status: 204, body: null },
  },

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
  ...peopleRoutes,
} as const satisfies Record<string, ApiRoute>;

export type ApiRouteName = keyof typeof apiRoutes;
