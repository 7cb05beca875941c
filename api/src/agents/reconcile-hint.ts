import { SECOND_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { JobSender } from "@automna/service-kit/queue";
import { withDeadline } from "../http/deadline.ts";

/** The wish is recorded already: a caller does not wait longer than this for the hint. */
const HINT_DEADLINE_MS = SECOND_MS;

/**
 * Makes "look at this agent again". It never fails and never takes long: a hint that got lost is made good by the
 * provisioner's sweep (design D1).
 */
export function makeReconcileHint(jobs: Pick<JobSender, "add">, log: Logger): (agentId: string) => Promise<void> {
  return async (agentId) => {
    try {
      await withDeadline(jobs.add("agents.reconcile", { agentId }, { dedupeKey: agentId }), HINT_DEADLINE_MS);
    } catch (error) {
      log.warn({ err: error, agentId }, "the queue took no hint, the sweep will see the agent");
    }
  };
}
