import cluster from "node:cluster";
import { once } from "node:events";
import { reportReady, runUntilStopped } from "@automna/service-kit/lifecycle";
import type { Logger } from "@automna/service-kit/log";
import { AggregatorRegistry, Gauge } from "prom-client";
import { makeMetricsServer, type ShownMetrics } from "../metrics-server.ts";
import { startFleet } from "./fleet.ts";

export interface PrimaryOptions {
  /** Workers. */
  count: number;
  /** What a worker is given to leave, ms. */
  drainTimeoutMs: number;
  /** Where the sum of the workers' metrics is shown; null = nowhere. */
  metrics: { host: string; port: number } | null;
  log: Logger;
}

/** Beyond its drain a worker closes what it holds; beyond the workers we do. */
const WORKER_SLACK_MS = 6_000;
const OWN_SLACK_MS = 2_000;

/** True in the process that should only look after workers. */
export function isPrimaryOf(count: number): boolean {
  return count > 1 && cluster.isPrimary;
}

/**
 * The first process of several: holds the ports, hands connections round to its workers, starts those anew that end,
 * and takes no part in anything else. SIGTERM lets all leave; SIGHUP replaces them one after the other. Never returns.
 */
export async function runPrimary({ count, drainTimeoutMs, metrics, log }: PrimaryOptions): Promise<never> {
  const stopTimeoutMs = drainTimeoutMs + WORKER_SLACK_MS;
  const fleet = startFleet({ count, stopTimeoutMs, log, now: Date.now });
  const server = metrics === null ? null : makeMetricsServer(makeSum(fleet.serving));
  let replacing: Promise<void> | null = null;
  runUntilStopped({
    log,
    stopDeadlineMs: stopTimeoutMs + OWN_SLACK_MS,
    async stop() {
      await fleet.stop();
      server?.close();
    },
  });
  process.on("SIGHUP", () => {
    log.info("replacing the workers, one after the other");
    replacing ??= fleet
      .replaceAll()
      .catch((error: unknown) => log.error({ err: error }, "could not replace every worker"))
      .finally(() => (replacing = null));
  });
  await fleet.ready;
  if (server !== null && metrics !== null) {
    server.listen(metrics.port, metrics.host);
    await once(server, "listening");
  }
  log.info({ workers: count }, "the workers listen");
  reportReady();
  return new Promise<never>(() => undefined);
}

/** The workers' metrics in one: counts add up, delays are averaged (prom-client's own rules). */
function makeSum(serving: () => number): ShownMetrics {
  const aggregate = new AggregatorRegistry();
  const workers = new Gauge({
    name: "proxy_workers",
    help: "Worker processes that serve.",
    registers: [aggregate],
    collect() {
      this.set(serving());
    },
  });
  // Made for its effect on the registry.
  void workers;
  return {
    contentType: aggregate.contentType,
    text: async () => `${await aggregate.clusterMetrics()}\n${await aggregate.metrics()}`,
  };
}
