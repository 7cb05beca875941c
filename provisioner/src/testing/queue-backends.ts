import { createPrismaClient } from "@automna/prisma/client";
import type { QueueBackend } from "@automna/service-kit/queue";
import type { TestDatabase } from "@automna/testkit/postgres";
import { hasRedis, startTestRedis } from "@automna/testkit/redis";

/** A queue of a test's own. */
export interface TestQueue {
  backend: QueueBackend;
  /** What the provisioner's configuration says of it. */
  redisUrl: string | null;
  /** Every connection breaks; Redis is killed and comes again. */
  disturb: () => Promise<void>;
  remove: () => Promise<void>;
}

export interface TestQueueKind {
  name: QueueBackend["kind"];
  /** False on a machine without its server. */
  isHere: boolean;
  start: (database: TestDatabase) => Promise<TestQueue>;
}

/** Every place where jobs can live. */
export const queueKinds: readonly TestQueueKind[] = [
  {
    name: "postgres",
    isHere: true,
    start: async (database) => ({
      backend: { kind: "postgres", connectionString: database.urlAs("automna_provisioner"), max: 4 },
      redisUrl: null,
      disturb: () => cutConnections(database),
      remove: async () => undefined,
    }),
  },
  {
    name: "redis",
    isHere: hasRedis(),
    async start() {
      const redis = await startTestRedis();
      return {
        backend: { kind: "redis", url: redis.url },
        redisUrl: redis.url,
        async disturb() {
          await redis.kill();
          await redis.start();
        },
        remove: redis.remove,
      };
    },
  },
];

async function cutConnections(database: TestDatabase): Promise<void> {
  const admin = createPrismaClient(database.url, { max: 1 });
  try {
    await admin.$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE usename = 'automna_provisioner' AND datname = current_database()`;
  } finally {
    await admin.$disconnect();
  }
}
