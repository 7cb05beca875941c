import type { ModelSource } from "@automna/core/agents/agent-spec";
import type { Pool } from "pg";

/** A model call that was answered. */
export interface ModelUsage {
  id: string;
  userId: string;
  agentId: string;
  runId: string;
  model: string;
  source: ModelSource;
  isUtility: boolean;
  inputTokens: number;
  outputTokens: number;
  cacheWriteTokens: number;
  cacheReadTokens: number;
  /** Null = the model is not on the price list. */
  microDollars: number | null;
  /** What this call took of the balance. */
  credits: number;
  outcome: "complete" | "cut";
  atMs: number;
}

const INSERT_USAGE = {
  name: "model-usage-insert",
  text: `
    INSERT INTO model_usage
      (id, user_id, agent_id, run_id, model, source, is_utility, input_tokens, output_tokens, cache_write_tokens,
       cache_read_tokens, micro_dollars, credits, outcome, at)
    SELECT id, user_id, agent_id, run_id, model, source::"ModelSource", is_utility, input_tokens, output_tokens,
           cache_write_tokens, cache_read_tokens, micro_dollars, credits, outcome::model_call_outcome, at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::int[],
                $9::int[], $10::int[], $11::int[], $12::bigint[], $13::int[], $14::text[], $15::timestamptz[])
      AS row(id, user_id, agent_id, run_id, model, source, is_utility, input_tokens, output_tokens, cache_write_tokens,
             cache_read_tokens, micro_dollars, credits, outcome, at)
    ON CONFLICT DO NOTHING`,
};

/** Records calls; safe to repeat (S10). */
export async function insertUsage(pool: Pool, rows: readonly ModelUsage[]): Promise<void> {
  await pool.query({
    ...INSERT_USAGE,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.userId),
      rows.map((row) => row.agentId),
      rows.map((row) => row.runId),
      rows.map((row) => row.model),
      rows.map((row) => row.source),
      rows.map((row) => row.isUtility),
      rows.map((row) => row.inputTokens),
      rows.map((row) => row.outputTokens),
      rows.map((row) => row.cacheWriteTokens),
      rows.map((row) => row.cacheReadTokens),
      rows.map((row) => row.microDollars),
      rows.map((row) => row.credits),
      rows.map((row) => row.outcome),
      rows.map((row) => new Date(row.atMs)),
    ],
  });
}

/** What one model did for a customer on one day, UTC. */
export interface DailyUsage {
  /** 2026-11-22. */
  day: string;
  model: string;
  /** Runs that had a call of this model. */
  runs: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cacheTokens: number;
  credits: number;
}

interface DailyUsageRow {
  day: string;
  model: string;
  runs: number;
  calls: number;
  input_tokens: string;
  output_tokens: string;
  cache_tokens: string;
  credits: string;
}

const DAILY_USAGE = {
  name: "model-usage-by-day",
  text: `
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, model, count(DISTINCT run_id)::int AS runs,
           count(*)::int AS calls, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
           sum(cache_write_tokens + cache_read_tokens) AS cache_tokens, sum(credits) AS credits
    FROM model_usage
    WHERE user_id = $1 AND at >= $2
    GROUP BY 1, 2
    ORDER BY 1 DESC, 2
    LIMIT 500`,
};

/** Usage since a time, newest day first. */
export async function listDailyUsage(pool: Pool, userId: string, sinceMs: number): Promise<DailyUsage[]> {
  const { rows } = await pool.query<DailyUsageRow>({ ...DAILY_USAGE, values: [userId, new Date(sinceMs)] });
  return rows.map(({ day, model, runs, calls, ...sums }) => ({
    day,
    model,
    runs,
    calls,
    inputTokens: Number(sums.input_tokens),
    outputTokens: Number(sums.output_tokens),
    cacheTokens: Number(sums.cache_tokens),
    credits: Number(sums.credits),
  }));
}
