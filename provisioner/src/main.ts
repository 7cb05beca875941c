import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE_MS, SECOND_MS } from "@automna/core/shared/clock";
import { createPrismaClient } from "@automna/prisma/client";
import { findAgentIdOfSlot, listAgentIdsOnNode } from "@automna/records/slots";
import { isDatabaseAway } from "@automna/records/database-errors";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import { makeLog } from "@automna/service-kit/log";
import { makeNotifyListener } from "@automna/service-kit/notify";
import type { QueueBackend } from "@automna/service-kit/queue";
import { Agent } from "undici";
import { makeAgentdClient } from "./agents/agentd-client.ts";
import { makeUntilNews } from "./agents/boot-news.ts";
import { makeLookScheduler } from "./agents/look-scheduler.ts";
import { makeReconcileAgent } from "./agents/reconcile-agent.ts";
import { makeStartGate } from "./agents/start-gate.ts";
import { makeWarmPool } from "./agents/warm-pool.ts";
import { stepExecutors } from "./agents/step-executors.ts";
import { loadProvisionerConfig } from "./config.ts";
import { startHealthServer } from "./health.ts";
import { startAgentJobs } from "./jobs/agent-jobs.ts";
import { startCell } from "./start-cell.ts";
import { makeGateRecording } from "./nodes/record-gates.ts";
import { makeNodeRecording } from "./nodes/record-nodes.ts";
import { makeSwapRecording } from "./nodes/record-swap.ts";
import { makeAgentSweep } from "./sweeps/agents.ts";
import { makeDrainRun } from "./placements/drain-node.ts";
import { makeOrphanSweep } from "./sweeps/orphans.ts";
import { makeRestSweep } from "./sweeps/rest.ts";
import { runEvery } from "@automna/service-kit/run-every";
import { makeWaveRun } from "./upgrades/run-wave.ts";

const DATABASE_CONNECTIONS = 12;
const QUEUE_CONNECTIONS = 4;
const LEASE_TTL_MS = 15 * SECOND_MS;
const LEASE_RENEW_MS = 5 * SECOND_MS;
const ORPHAN_SWEEP_MS = MINUTE_MS / 4;
const OPERATOR_WORK_MS = 2 * SECOND_MS;
const REST_SWEEP_MS = 15 * SECOND_MS;
const NODE_RECORDING_MS = 15 * SECOND_MS;
const SWAP_RECORDING_MS = MINUTE_MS;
/** A slot may take 30 s to stop and some more to be killed; the supervisor waits 45 s. */
const STOP_DEADLINE_MS = 43 * SECOND_MS;
const CLOSE_LIMIT_MS = 4 * SECOND_MS;

const config = loadProvisionerConfig(process.env);
const log = makeLog("provisioner", config.logLevel);
const clock = Date.now;
const { databaseUrl, queueRedisUrl } = config;

const db = createPrismaClient(databaseUrl, { max: DATABASE_CONNECTIONS });
const dispatcher = new Agent({ connect: { timeout: 3 * SECOND_MS } });
const { cell, runtime, nodes, readSwapMb, stop: stopCell } = await startCell({ config, db, clock, log });
const { cellId } = cell;
const lease = {
  db,
  holder: `${hostname()}:${process.pid}:${randomUUID()}`,
  ttlMs: LEASE_TTL_MS,
  renewMs: LEASE_RENEW_MS,
};
const { rings, models } = config;
const startGate = makeStartGate({ capacity: config.startGateS, clock });
const stepDeps = { db, runtime, agentd: makeAgentdClient(dispatcher), rings, models, cell, clock };
const looks = makeLookScheduler({
  untilNews: makeUntilNews(stepDeps.agentd),
  look: makeReconcileAgent({ ...stepDeps, executors: stepExecutors, startGate, lease, log }),
  concurrency: config.concurrency,
  clock,
  log,
});

// Four ways to hear of an agent, each of which may fail: the queue, NOTIFY, the runtime's own events, and the sweep.
const queue: QueueBackend =
  queueRedisUrl === null
    ? { kind: "postgres", connectionString: databaseUrl, max: QUEUE_CONNECTIONS }
    : { kind: "redis", url: queueRedisUrl };
const jobs = startAgentJobs(queue, config.concurrency, looks, log);
const listener = makeNotifyListener(databaseUrl, log);
listener.on("agent_changed", ({ agentId, by }) => by !== lease.holder && looks.hint(agentId));
runtime.onChange((slotId) => {
  findAgentIdOfSlot(db, slotId).then(
    (agentId) => agentId !== null && looks.hint(agentId),
    (error: unknown) =>
      log.warn({ err: error, slotId }, "a slot changed and its agent could not be looked up; the sweep will"),
  );
});
const sweepAgents = makeAgentSweep({ db, looks, clock, random: Math.random });
const stopAgentSweep = runEvery({ name: "agents", everyMs: config.sweepMs, log, work: sweepAgents });
// What was announced while nobody listened.
listener.onReconnect(
  () => void sweepAgents().catch((error: unknown) => log.warn({ err: error }, "a sweep after a reconnect failed")),
);
const stopOrphanSweep = runEvery({
  name: "orphans",
  everyMs: ORPHAN_SWEEP_MS,
  log,
  work: makeOrphanSweep({ db, runtime, lease, cellId, hint: looks.hint, clock, log }),
});
const stopNodeRecording = runEvery({
  name: "nodes",
  everyMs: NODE_RECORDING_MS,
  log,
  work: makeNodeRecording({
    db,
    cell: { id: cellId, runtime: cell.runtime, warmWishes: config.warmWishes },
    nodes,
    clock,
    log,
    onChange: (nodeId) => {
      listAgentIdsOnNode(db, nodeId).then(
        (agentIds) => agentIds.forEach(looks.hint),
        (error: unknown) => log.warn({ err: error, nodeId }, "the agents of a node could not be looked up"),
      );
    },
  }),
});
const stopSwapRecording =
  readSwapMb &&
  runEvery({
    name: "swap",
    everyMs: SWAP_RECORDING_MS,
    log,
    work: makeSwapRecording({ db, cellId, readSwapMb, log }),
  });
// What operators wished for many agents at once, of which each turn wishes the next few, and what they are shown.
const operatorWork = [
  { name: "drains", work: makeDrainRun({ db, lease, cellId, hint: looks.hint, clock, log }) },
  { name: "waves", work: makeWaveRun({ db, lease, defaultImage: cell.image, hint: looks.hint, clock, log }) },
  { name: "warm-pool", work: makeWarmPool({ ...stepDeps, lease, startGate, wishes: config.warmWishes, log }) },
  { name: "gates", work: makeGateRecording({ db, holder: lease.holder, startGate, clock }) },
].map(({ name, work }) => runEvery({ name, everyMs: OPERATOR_WORK_MS, log, work }));
const stopRestSweep = runEvery({
  name: "rest",
  everyMs: REST_SWEEP_MS,
  log,
  work: makeRestSweep({ db, times: config.rest, hint: looks.hint, clock, log }),
});
const health = await startHealthServer(config.health, db);

runUntilStopped({
  log,
  isSurvivable: isDatabaseAway,
  stopDeadlineMs: STOP_DEADLINE_MS,
  async stop(reason) {
    // No new hints, then no more looks, then the slots: nobody starts again what is being stopped.
    // Each bounded: a database that is away must not keep us from stopping the slots.
    await within(
      CLOSE_LIMIT_MS,
      Promise.all([
        stopAgentSweep(),
        stopOrphanSweep(),
        stopRestSweep(),
        stopNodeRecording(),
        stopSwapRecording?.(),
        ...operatorWork.map((stop) => stop()),
        listener.close(),
        jobs.close(),
        looks.close(),
      ]),
    );
    await stopCell({ isFatal: reason === "fatal" });
    await within(CLOSE_LIMIT_MS, Promise.all([health.close(), dispatcher.destroy(), db.$disconnect()]));
  },
});

log.info({ cellId, runtime: cell.runtime, healthPort: health.port, ports: config.ports }, "provisioner runs");
reportReady();

/** Waits for `closed` for at most `limitMs`; what is still open then ends with the process. */
async function within(limitMs: number, closed: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const waited = sleep(limitMs, "late", { signal: limit.signal }).catch(() => "closed");
  const outcome = await Promise.race([closed, waited]);
  limit.abort();
  if (outcome === "late") log.warn({ limitMs }, "not everything could be closed in time");
}
