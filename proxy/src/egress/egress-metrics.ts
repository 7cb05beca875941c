import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { SECOND_MS } from "@automna/core/shared/clock";
import type { ModelUsage } from "@automna/records/usage/model-usage";

export interface AnsweredCall {
  /** Null = the caller was not recognised. */
  source: ModelSource | null;
  /** The provider's or our own; 0 = the caller left first. */
  status: number;
  totalMs: number;
  /** Until the answer's head; null = there was none. */
  firstByteMs: number | null;
}

export interface EgressMetrics {
  answered: (call: AnsweredCall) => void;
  refused: (type: string) => void;
  used: (usage: ModelUsage) => void;
  /** Usage rows that could not be kept. */
  lost: (rows: number) => void;
  /** In Prometheus' text format. */
  text: () => Promise<string>;
  contentType: string;
}

/** Seconds; a model thinks for a minute and longer. */
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];

/** Counts calls, tokens and credits by source and kind, never by customer: those are in the ledger. */
export function makeEgressMetrics(): EgressMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Counter({
    name: "egress_calls_total",
    help: "Model calls by whose key answered and class of status; 0xx = the caller left before an answer.",
    labelNames: ["source", "status"] as const,
    registers,
  });
  const refusals = new Counter({
    name: "egress_refusals_total",
    help: "Model calls that got an error of our own, by its type.",
    labelNames: ["type"] as const,
    registers,
  });
  const tokens = new Counter({
    name: "egress_tokens_total",
    help: "Tokens of answered calls by source and kind.",
    labelNames: ["source", "kind"] as const,
    registers,
  });
  const credits = new Counter({ name: "egress_credits_total", help: "Credits taken for model calls.", registers });
  const cost = new Counter({
    name: "egress_provider_dollars_total",
    help: "What the provider takes for answered calls, by source, as far as their models have a known price.",
    labelNames: ["source"] as const,
    registers,
  });
  const lost = new Counter({
    name: "egress_usage_rows_lost_total",
    help: "Usage rows that could not be kept while the database was away.",
    registers,
  });
  const seconds = new Histogram({
    name: "egress_call_seconds",
    help: "Time of a model call until the answer's first byte, and all of it.",
    labelNames: ["phase"] as const,
    buckets: BUCKETS,
    registers,
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    answered({ source, status, totalMs, firstByteMs }) {
      calls.inc({ source: source ?? "unknown", status: `${Math.floor(status / 100)}xx` });
      seconds.observe({ phase: "total" }, totalMs / SECOND_MS);
      if (firstByteMs !== null) seconds.observe({ phase: "first_byte" }, firstByteMs / SECOND_MS);
    },
    refused: (type) => refusals.inc({ type }),
    used(usage) {
      const { source } = usage;
      tokens.inc({ source, kind: "input" }, usage.inputTokens);
      tokens.inc({ source, kind: "output" }, usage.outputTokens);
      tokens.inc({ source, kind: "cache_write" }, usage.cacheWriteTokens);
      tokens.inc({ source, kind: "cache_read" }, usage.cacheReadTokens);
      credits.inc(usage.credits);
      cost.inc({ source }, (usage.microDollars ?? 0) / 1_000_000);
    },
    lost: (rows) => lost.inc(rows),
  };
}
