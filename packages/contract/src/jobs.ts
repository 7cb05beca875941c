import { z } from "zod";

/** Every job says "look at this id again" (S12). The queue is a hint, Postgres is the truth (design D1). */
export const jobCatalogue = {
  "agents.reconcile": z.object({ agentId: z.string() }),
} as const;
export type JobName = keyof typeof jobCatalogue;
export type JobData<Name extends JobName> = z.infer<(typeof jobCatalogue)[Name]>;

/** One BullMQ queue per noun. */
export const AGENTS_QUEUE = "agents";
