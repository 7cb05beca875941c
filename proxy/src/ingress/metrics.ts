import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { LookupCounts } from "../cached-lookup.ts";
import type { ShownMetrics } from "../metrics-server.ts";
import type { Held } from "./held-connections.ts";
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
  const requests = new Counter({
    name: "proxy_requests_total",
    help: "Requests by kind of address and class of status.",
    labelNames: ["class", "status"] as const,
    registers,
  });
  const upgrades = new Counter({
    name: "proxy_upgrades_total",
    help: "WebSocket upgrades by class of status; 0xx = the client left before an answer.",
    labelNames: ["status"] as const,
    registers,
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
  });
  const seconds = new Histogram({
    name: "proxy_request_seconds",
    help: "Time per part of a request: our checks, the route, until the agent's answer begins, all of it.",
    labelNames: ["phase"] as const,
    buckets: BUCKETS,
    registers,
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
  void [active, waiting, lookups];

  // Looked up once: by label it would be a third of what a request costs here.
  const timers = Object.fromEntries(phases.map((phase) => [phase, seconds.labels(phase)])) as Record<
    (typeof phases)[number],
    Histogram.Internal<"phase">
  >;
  const bytesIn = bytes.labels("in");
  const bytesOut = bytes.labels("out");
  const countOf = remembered((key: string) => {
    const [pathClass = "", status = ""] = key.split(" ");
    return pathClass === "socket" ? upgrades.labels(status) : requests.labels(pathClass, status);
  });
  const time = (phase: (typeof phases)[number], from: number | null, to: number | null) => {
    if (from !== null && to !== null) timers[phase].observe((to - from) / SECOND_MS);
  };

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    offerToPrimary() {
      AggregatorRegistry.setRegistries(registry);
      // Made for its effect: it answers the primary's questions.
      void new AggregatorRegistry();
    },
    observe({ pathClass, status, code, tally, startedAt, checkedAt, routedAt, answeredAt }, endedAt) {
      countOf(`${pathClass} ${Math.floor(status / 100)}xx`).inc();
      if (code !== null) refusals.inc({ code });
      bytesIn.inc(tally.bytesIn);
      bytesOut.inc(tally.bytesOut);
      time("checks", startedAt, checkedAt);
      time("route", checkedAt, routedAt);
      time("answer", routedAt, answeredAt);
      // A socket's length says nothing about us.
      if (pathClass !== "socket") time("total", startedAt, endedAt);
    },
  };
}

function remembered<Value>(make: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}
