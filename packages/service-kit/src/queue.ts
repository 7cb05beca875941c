import { createPostgresBackend, Queue, Worker, type Job } from "bullmq";
import pg from "pg";
import { jobCatalogue, type JobData, type JobName } from "@automna/contract/jobs";
import type { Logger } from "./log.ts";

/** Where jobs live. The Postgres backend needs nothing besides the database; production uses Redis. */
export type QueueBackend = { kind: "postgres"; connectionString: string; max: number } | { kind: "redis"; url: string };

/** Own schema: Prisma's drift detection looks at `public` alone. */
const QUEUE_SCHEMA = "bullmq";
// The same on every worker: recovery of a killed worker's job follows the settings of the dead one (notes: stack 3.4).
const STALLED_INTERVAL_MS = 5_000;
const LOCK_DURATION_MS = 30_000;

export interface JobSender {
  /** Adds a hint. Two hints for the same id that both still wait are one. `delayMs` puts it off. */
  add: <Name extends JobName>(
    name: Name,
    data: JobData<Name>,
    options: { dedupeKey: string; delayMs?: number },
  ) => Promise<void>;
  close: () => Promise<void>;
}

/** Makes the sending side of a queue. */
export function makeJobSender(queueName: string, backend: QueueBackend, log: Logger): JobSender {
  const queue = openQueue(queueName, backend);
  queue.on("error", (error: Error) => log.warn({ err: error }, "queue connection"));
  return {
    async add(name, data, { dedupeKey, delayMs }) {
      await queue.add(name, jobCatalogue[name].parse(data), {
        deduplication: { id: dedupeKey },
        removeOnComplete: true,
        removeOnFail: 100,
        ...(delayMs === undefined ? {} : { delay: delayMs }),
      });
    },
    close: () => queue.close(),
  };
}

export interface JobWorker {
  close: () => Promise<void>;
}

/** Makes the working side: `handle` gets each hint; what it throws is logged by BullMQ's failed event and not retried. */
export function makeJobWorker(
  queueName: string,
  backend: QueueBackend,
  options: { concurrency: number; log: Logger; handle: (name: JobName, data: JobData<JobName>) => Promise<void> },
): JobWorker {
  const process = async (job: Job) => {
    if (!isJobName(job.name)) throw new Error(`unknown job ${job.name}`);
    await options.handle(job.name, jobCatalogue[job.name].parse(job.data));
  };
  const settings = {
    concurrency: options.concurrency,
    stalledInterval: STALLED_INTERVAL_MS,
    lockDuration: LOCK_DURATION_MS,
  };
  const worker =
    backend.kind === "postgres"
      ? new Worker(queueName, process, { connection: postgresConnection(backend), ...settings }, createPostgresBackend)
      : new Worker(queueName, process, { connection: { url: backend.url, maxRetriesPerRequest: null }, ...settings });
  worker.on("error", (error) => options.log.warn({ err: error }, "queue connection"));
  worker.on("failed", (job, error) => options.log.error({ err: error, job: job?.name, data: job?.data }, "job failed"));
  return { close: () => worker.close() };
}

/** Creates all that the queue needs in the database; called by whoever migrates it, before the roles get their rights. */
export async function migrateQueue(queueName: string, connectionString: string): Promise<void> {
  const connection = { connectionString, schema: QUEUE_SCHEMA, migrate: true, max: 2 };
  const queue = new Queue(queueName, { connection }, createPostgresBackend);
  try {
    await queue.waitUntilReady();
  } finally {
    await queue.close();
  }
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    // BullMQ makes a queue's id sequence with its first job; services' roles may not create anything.
    await client.query(`SELECT ${QUEUE_SCHEMA}.next_job_id($1)`, [queueName]);
  } finally {
    await client.end();
  }
}

function openQueue(queueName: string, backend: QueueBackend) {
  return backend.kind === "postgres"
    ? new Queue(queueName, { connection: postgresConnection(backend) }, createPostgresBackend)
    : new Queue(queueName, { connection: { url: backend.url } });
}

function postgresConnection({ connectionString, max }: Extract<QueueBackend, { kind: "postgres" }>) {
  return { connectionString, schema: QUEUE_SCHEMA, max };
}

function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobCatalogue, name);
}
