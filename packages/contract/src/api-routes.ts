import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import { z } from "zod";
import { agentRoutes } from "./agent-routes.ts";
import { billingRoutes } from "./billing-routes.ts";
import { cellRoutes } from "./cell-routes.ts";
import { creditRoutes } from "./credit-routes.ts";
import { customerRoutes } from "./customer-routes.ts";
import { identityRoutes } from "./identity-routes.ts";
import { peopleRoutes } from "./people-routes.ts";

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
  ...identityRoutes,
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
  ...agentRoutes,
  ...creditRoutes,
  ...customerRoutes,
  ...peopleRoutes,
  ...cellRoutes,
} as const satisfies Record<string, ApiRoute>;

export type ApiRouteName = keyof typeof apiRoutes;
