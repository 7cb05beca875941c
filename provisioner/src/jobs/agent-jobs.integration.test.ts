import { setTimeout as sleep } from "node:timers/promises";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { makeSilentLog } from "@automna/service-kit/log";
import { makeJobSender, type JobSender, type JobWorker } from "@automna/service-kit/queue";
import { createTestDatabase, type TestDatabase } from "@automna/testkit/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { queueKinds, type TestQueue } from "../testing/queue-backends.ts";
import { startAgentJobs } from "./agent-jobs.ts";

const WRITTEN_MS = 300;

for (const kind of queueKinds)
  describe.skipIf(!kind.isHere)(`hints by ${kind.name}`, () => {
    let database: TestDatabase;
    let queue: TestQueue;
    let sender: JobSender;
    let workers: JobWorker[];
    let heard: string[];
    beforeEach(async () => {
      database = await createTestDatabase();
      queue = await kind.start(database);
      sender = makeJobSender(AGENTS_QUEUE, queue.backend, makeSilentLog());
      [workers, heard] = [[], []];
    });
    afterEach(async () => {
      await sender.close();
      await Promise.all(workers.map((worker) => worker.close()));
      await queue.remove();
      await database.drop();
    });

    const listen = () => {
      const looks = { hint: (agentId: string) => void heard.push(agentId), isDueWithin: () => false };
      workers.push(startAgentJobs(queue.backend, 2, { ...looks, close: async () => undefined }, makeSilentLog()));
    };
    const hint = (agentId: string, delayMs?: number) =>
      sender.add(
        "agents.reconcile",
        { agentId },
        { dedupeKey: agentId, ...(delayMs === undefined ? {} : { delayMs }) },
      );

    test("each is heard once, and two for the same agent that both wait are one", async () => {
      await hint("agt_1");
      await hint("agt_1");
      await hint("agt_2");
      listen();
      await expect.poll(() => heard.toSorted()).toEqual(["agt_1", "agt_2"]);
      // The queue writes down a moment later that one was heard. From then on it keeps no later one away.
      await sleep(WRITTEN_MS);
      await hint("agt_1");
      await expect.poll(() => heard.length).toBe(3);
    });

    test("one that is put off comes when its time has", async () => {
      listen();
      const sentAt = Date.now();
      await hint("agt_late", 700);
      await expect.poll(() => heard).toEqual(["agt_late"]);
      expect(Date.now() - sentAt).toBeGreaterThanOrEqual(700);
    });

    test("two workers share them, and none is taken twice", async () => {
      listen();
      listen();
      const agentIds = Array.from({ length: 30 }, (_, index) => `agt_${String(index).padStart(2, "0")}`);
      await Promise.all(agentIds.map((agentId) => hint(agentId)));
      await expect.poll(() => heard.toSorted()).toEqual(agentIds);
    });

    test("goes on by itself after its server was away, on both sides", async () => {
      listen();
      await hint("agt_before");
      await expect.poll(() => heard).toEqual(["agt_before"]);
      await queue.disturb();
      await expect
        .poll(
          () =>
            hint("agt_after").then(
              () => true,
              () => false,
            ),
          { timeout: 30_000 },
        )
        .toBe(true);
      await expect.poll(() => heard.at(-1), { timeout: 30_000 }).toBe("agt_after");
    });
  });
