import { z } from "zod";
import { apiKeyListSchema, createApiKeySchema, createdApiKeySchema } from "./api-keys.ts";
import type { ApiRoute } from "./api-routes.ts";
import {
  creditsViewSchema,
  modelUsageQuerySchema,
  modelUsageSchema,
  putOverageSchema,
  statementQuerySchema,
  statementSchema,
} from "./credits.ts";

const apiKeyParams = z.object({ keyId: z.string().regex(/^key_[0-9a-z]{20}$/) });

/** Credits, and API keys that may use them. */
export const creditRoutes = {
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
} as const satisfies Record<string, ApiRoute>;
