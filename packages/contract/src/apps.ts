import { appLabel, isAppName, isHandle } from "@automna/core/apps/app-name";
import { appKinds, appProblems, appVisibilities } from "@automna/core/apps/app-settings";
import { z } from "zod";

export const appNameSchema = z.string().refine(isAppName, "This is not the name of an app.");
export const appPasswordSchema = z
  .string()
  .min(8, "At least 8 characters.")
  .max(128, "At most 128 characters.")
  // Kept in NFC, so that the same word typed on another keyboard is the same password.
  .transform((text) => text.normalize("NFC"));

/** One app in the volume, as agentd finds it. */
export const foundAppSchema = z.object({
  name: appNameSchema,
  kind: z.enum(appKinds),
  problem: z.enum(appProblems).nullable(),
});
export type FoundApp = z.infer<typeof foundAppSchema>;
export const foundAppsMax = 100;
/** GET agentdPaths.appList. */
export const foundAppsSchema = z.object({ apps: z.array(foundAppSchema).max(foundAppsMax) });

/** An app as its owner sees it. */
export const appViewSchema = foundAppSchema.extend({
  url: z.string(),
  isOn: z.boolean(),
  visibility: z.enum(appVisibilities),
  hasPassword: z.boolean(),
});
export type AppView = z.infer<typeof appViewSchema>;

export const appListSchema = z.object({
  /** The owner's word in every address. */
  handle: z.string(),
  apps: z.array(appViewSchema),
  /** When the agent was last asked, ms since the epoch; null = never. */
  askedAtMs: z.number().int().nullable(),
  /** False: the agent does not answer now, and this is what it said before. */
  isCurrent: z.boolean(),
});
export type AppList = z.infer<typeof appListSchema>;
export const appAnswerSchema = z.object({ app: appViewSchema });

/** PUT /api/agents/:agentId/apps/:name; what is left out stays. */
export const putAppSchema = z.strictObject({
  isOn: z.boolean().optional(),
  visibility: z.enum(appVisibilities).optional(),
  password: appPasswordSchema.optional(),
});

/** PUT /api/apps/handle. */
export const putHandleSchema = z.strictObject({
  handle: z.string().trim().toLowerCase().refine(isHandle, "3 to 29 letters, digits and single dashes."),
});
export const handleAnswerSchema = z.object({ handle: z.string() });

/** `<app>--<handle>` below the apps domain. `appsOrigin` is the scheme, domain and port of all of them. */
export function appOrigin(appsOrigin: string, name: string, handle: string): string {
  const { protocol, host } = new URL(appsOrigin);
  return `${protocol}//${appLabel(name, handle)}.${host}`;
}

/** The platform's own addresses on an app's host; no app has a path with a dot in front. */
export const appHostPaths = { enter: "/.automna/enter", password: "/.automna/password" } as const;

/** Where the owner of a private app goes in, once. */
export function enterAppUrl(origin: string, ticket: string): string {
  return `${origin}${appHostPaths.enter}?ticket=${ticket}`;
}

/** 32 random bytes, base64url. */
export const appTicketSchema = z.string().regex(/^[\w-]{43}$/);
