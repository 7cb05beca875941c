import { SECOND_MS } from "@automna/core/shared/clock";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { LookupCounts } from "../cached-lookup.ts";
import { makeHistogram } from "../ingress/histogram.ts";
import type { ShownMetrics } from "../metrics-server.ts";
import type { AppVisit } from "./app-visit.ts";

export interface AppMetrics extends ShownMetrics {
  observe: (visit: AppVisit) => void;
}

/** What is read when somebody asks. */
export interface AppMetricSources {
  active: () => number;
  lookups: () => Readonly<Record<string, LookupCounts>>;
}

/** Seconds; a file from an agent takes milliseconds, a password is checked in a tenth, a slow visitor takes minutes. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const phases = ["site", "answer", "total"] as const;

/** Counts by kind of address, never by app or visitor. Event-loop delay, memory and garbage collection come from prom-client. */
export function makeAppMetrics(sources: () => AppMetricSources): AppMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "apps_requests_total",
    help: "Requests of visitors by kind of address and class of status; 0xx = the visitor left before an answer.",
    labelNames: ["kind", "status"] as const,
    registers,
  });
  const refusals = new Counter({
    name: "apps_refusals_total",
    help: "Requests that got an error of our own, by its code.",
    labelNames: ["code"] as const,
    registers,
  });
  const bytes = new Counter({ name: "apps_bytes_total", help: "Bytes of files sent to visitors.", registers });
  const seconds = makeHistogram(registry, {
    name: "apps_request_seconds",
    help: "Time per part of a request: until its app is found, until the agent's answer begins, all of it.",
    labelName: "phase",
    labels: phases,
    buckets: BUCKETS,
  });
  const active = new Gauge({
    name: "apps_active",
    help: "Requests under way.",
    registers,
    collect() {
      this.set(sources().active());
    },
  });
  const lookups = new Counter({
    name: "apps_lookups_total",
    help: "Look-ups of handles, sites and sessions: remembered, asked, remembered while the database was away, failed.",
    labelNames: ["what", "result"] as const,
    registers,
    collect() {
      this.reset();
      for (const [what, counts] of Object.entries(sources().lookups()))
        for (const [result, count] of Object.entries(counts)) this.inc({ what, result }, count);
    },
  });
  // Made for their effect on the registry.
  void [active, lookups];

  const time = (phase: (typeof phases)[number], from: number | null, to: number | null) => {
    if (from !== null && to !== null) seconds.observe(phase, (to - from) / SECOND_MS);
  };

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe(visit) {
      const { kind, code, tally, startedAt, sitedAt, answeredAt } = visit;
      requests.inc({ kind, status: `${Math.floor(visit.status() / 100)}xx` });
      if (code !== null) refusals.inc({ code });
      bytes.inc(tally.bytesOut);
      time("site", startedAt, sitedAt);
      time("answer", sitedAt, answeredAt);
      time("total", startedAt, performance.now());
    },
  };
}
