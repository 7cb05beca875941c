import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { LookupCounts } from "../cached-lookup.ts";
import type { ShownMetrics } from "../metrics-server.ts";
import type { Held } from "./held-connections.ts";
import { makeHistogram } from "./histogram.ts";
import type { Passage } from "./passage.ts";

export interface IngressMetrics extends ShownMetrics {
  observe: (passage: Passage, endedAt: number) => void;
  /** As one of several workers: answers the primary, which shows them all in one. */
  offerToPrimary: () => void;
}

/** What is read when somebody asks. */
export interface MetricSources {
  active: (kind: Held["kind"]) => number;
  waiting: () => number;
  routeLookups: () => LookupCounts;
}

/** Seconds; a request that only passes takes a millisecond, a cold start a minute. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const phases = ["checks", "route", "answer", "total"] as const;

/** Counts for itself: two in one process don't mix. Event-loop delay, memory and garbage collection come from prom-client. */
export function makeIngressMetrics(sources: () => MetricSources): IngressMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Added up here and handed over when somebody asks: prom-client hashes labels at each value.
  const byKind = new Map<string, number>();
  const tally = { in: 0, out: 0 };
  const requests = new Counter({
    name: "proxy_requests_total",
    help: "Requests by kind of address and class of status.",
    labelNames: ["class", "status"] as const,
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of byKind) {
        const [pathClass = "", status = ""] = kind.split(" ");
        if (pathClass !== "socket") this.inc({ class: pathClass, status }, count);
      }
    },
  });
  const upgrades = new Counter({
    name: "proxy_upgrades_total",
    help: "WebSocket upgrades by class of status; 0xx = the client left before an answer.",
    labelNames: ["status"] as const,
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of byKind) {
        const [pathClass, status = ""] = kind.split(" ");
        if (pathClass === "socket") this.inc({ status }, count);
      }
    },
  });
  const refusals = new Counter({
    name: "proxy_refusals_total",
    help: "Requests and upgrades that got an error of our own, by its code.",
    labelNames: ["code"] as const,
    registers,
  });
  const bytes = new Counter({
    name: "proxy_bytes_total",
    help: "Bytes of bodies and sockets, from callers (in) and to them (out).",
    labelNames: ["direction"] as const,
    registers,
    collect() {
      this.reset();
      for (const direction of ["in", "out"] as const) this.inc({ direction }, tally[direction]);
    },
  });
  const seconds = makeHistogram(registry, {
    name: "proxy_request_seconds",
    help: "Time per part of a request: our checks, the route, until the agent's answer begins, all of it.",
    labelName: "phase",
    labels: phases,
    buckets: BUCKETS,
  });
  const active = new Gauge({
    name: "proxy_active",
    help: "Requests and sockets under way.",
    labelNames: ["kind"] as const,
    registers,
    collect() {
      for (const kind of ["http", "websocket"] as const) this.set({ kind }, sources().active(kind));
    },
  });
  const waiting = new Gauge({
    name: "proxy_waiting_sockets",
    help: "Sockets that wait for an agent on its way.",
    registers,
    collect() {
      this.set(sources().waiting());
    },
  });
  const lookups = new Counter({
    name: "proxy_route_lookups_total",
    help: "Look-ups of routes: remembered, asked, remembered while the database was away, failed.",
    labelNames: ["result"] as const,
    registers,
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(sources().routeLookups())) this.inc({ result }, count);
    },
  });
  // Made for their effect on the registry.
  void [requests, upgrades, bytes, active, waiting, lookups];

  const time = (phase: (typeof phases)[number], from: number | null, to: number | null) => {
    if (from !== null && to !== null) seconds.observe(phase, (to - from) / SECOND_MS);
  };

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    offerToPrimary() {
      AggregatorRegistry.setRegistries(registry);
      // Made for its effect: it answers the primary's questions.
      void new AggregatorRegistry();
    },
    observe({ pathClass, status, code, tally: own, startedAt, checkedAt, routedAt, answeredAt }, endedAt) {
      const kind = `${pathClass} ${Math.floor(status / 100)}xx`;
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
      if (code !== null) refusals.inc({ code });
      tally.in += own.bytesIn;
      tally.out += own.bytesOut;
      time("checks", startedAt, checkedAt);
      time("route", checkedAt, routedAt);
      time("answer", routedAt, answeredAt);
      // A socket's length says nothing about us.
      if (pathClass !== "socket") time("total", startedAt, endedAt);
    },
  };
}
