import { loadConfig, portSchema, type Environment } from "@automna/service-kit/load-config";
import { z } from "zod";

export const dashboardVariables = z.object({
  DASHBOARD_HOST: z.string().default("127.0.0.1").describe("address to listen on"),
  DASHBOARD_PORT: portSchema.describe("port to listen on, 0 = any"),
  DASHBOARD_DIR: z.string().startsWith("/").describe("folder of the built dashboard"),
  DASHBOARD_DRAIN_NOTICE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("when stopping: not ready, but still answering; longer than the edge's health interval"),
  DASHBOARD_CLERK_FRONTEND_URL: z
    .url()
    .optional()
    .describe("Clerk's frontend API, which pages may reach, the same as at the api"),
});

export interface DashboardConfig {
  host: string;
  port: number;
  folder: string;
  drainNoticeMs: number;
  /** Null = pages reach their own origin alone. */
  clerkFrontend: string | null;
}

/** Throws one error that names every wrong variable. */
export function loadDashboardConfig(env: Environment): DashboardConfig {
  const values = loadConfig(dashboardVariables, env);
  const frontend = values.DASHBOARD_CLERK_FRONTEND_URL;
  return {
    host: values.DASHBOARD_HOST,
    port: values.DASHBOARD_PORT,
    folder: values.DASHBOARD_DIR,
    drainNoticeMs: values.DASHBOARD_DRAIN_NOTICE_MS,
    clerkFrontend: frontend === undefined ? null : new URL(frontend).origin,
  };
}
