import { z } from "zod";
import type { ApiRoute } from "./api-routes.ts";
import {
  accountDeletionSchema,
  deleteAccountSchema,
  identityInfoSchema,
  keyViewSchema,
  localSignInSchema,
  meSchema,
  putKeySchema,
} from "./identity.ts";

/** Identity, accounts and the customer's own model key. */
export const identityRoutes = {
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
} as const satisfies Record<string, ApiRoute>;
