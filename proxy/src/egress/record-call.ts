import { providerCost } from "@automna/core/credits/model-prices";
import type { EntryFacts } from "@automna/core/credits/operations";
import type { ModelUsage } from "@automna/records/usage/model-usage";
import type { ModelAccess } from "./find-model-access.ts";
import type { MeterReading } from "./meter-stream.ts";

/** What is known of an answered call beside its counts. */
export interface AnsweredCall {
  callId: string;
  access: Pick<ModelAccess, "userId" | "agentId" | "modelSource">;
  runId: string;
  isUtility: boolean;
  /** What was asked for, where the answer does not say. */
  askedModel: string;
  isComplete: boolean;
  credits: number;
  atMs: number;
}

/** The row of an answered call. */
export function toUsage(reading: MeterReading, call: AnsweredCall): ModelUsage {
  const { input, output, cacheWrite, cacheWriteHour, cacheRead } = reading.tokens;
  const model = (reading.model ?? call.askedModel).slice(0, 128);
  return {
    id: call.callId,
    userId: call.access.userId,
    agentId: call.access.agentId,
    runId: call.runId,
    model,
    source: call.access.modelSource,
    isUtility: call.isUtility,
    inputTokens: toInt(input),
    outputTokens: toInt(output),
    cacheWriteTokens: toInt(cacheWrite + cacheWriteHour),
    cacheReadTokens: toInt(cacheRead),
    microDollars: providerCost(model, reading.tokens),
    credits: call.credits,
    outcome: call.isComplete ? "complete" : "cut",
    atMs: call.atMs,
  };
}

/** What a ledger entry says of the call that it was taken for: counts and cost, nothing of its content. */
export function toFacts(usage: ModelUsage): EntryFacts {
  const { id, runId, model, inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens, microDollars } = usage;
  return { call: id, run: runId, model, inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens, microDollars };
}

/** Counts come from outside; a column holds 31 bits. */
function toInt(count: number): number {
  return Math.min(count, 2_147_483_647);
}
