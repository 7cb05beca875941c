import { AGENTS_QUEUE, jobCatalogue } from "@automna/contract/jobs";
import type { Logger } from "@automna/service-kit/log";
import { makeJobWorker, type JobWorker, type QueueBackend } from "@automna/service-kit/queue";
import type { LookScheduler } from "../agents/look-scheduler.ts";

/**
 * Takes hints from the queue. A job is done when its hint is taken, not when the agent is settled: while a job is under
 * way the queue drops further hints for the same agent as duplicates, and those would be lost. What a look finds wrong
 * is recorded with the agent, and the sweep looks again whatever becomes of jobs.
 */
export function startAgentJobs(
  backend: QueueBackend,
  concurrency: number,
  looks: LookScheduler,
  log: Logger,
): JobWorker {
  return makeJobWorker(AGENTS_QUEUE, backend, {
    concurrency,
    log,
    handle: async (name, data) => {
      looks.hint(jobCatalogue[name].parse(data).agentId);
    },
  });
}
