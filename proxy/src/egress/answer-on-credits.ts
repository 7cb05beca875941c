import type { IncomingMessage, ServerResponse } from "node:http";
import { runSteps } from "@automna/core/credits/meter-message";
import { isUtilityShaped, type CallShape } from "@automna/core/credits/utility-call";
import type { Clock } from "@automna/core/shared/clock";
import { canUseCredits } from "@automna/core/tiers/entitlements";
import type { ModelUsage } from "@automna/records/usage/model-usage";
import type { Logger } from "@automna/service-kit/log";
import type { RunCharge, RunCharger } from "./charge-run.ts";
import type { ModelCall } from "./endpoints.ts";
import type { ModelAccess } from "./find-model-access.ts";
import type { CallEnd, ModelProvider } from "./forward-model-call.ts";
import { judgePlatformRequest, parseBetas, type PlatformRules } from "./platform-rules.ts";
import { modelRefused, platformRefusalOf, ProviderError } from "./provider-error.ts";
import { readJsonBody } from "./read-json-body.ts";
import { toFacts, toUsage } from "./record-call.ts";
import { parseRun, type RunFacts } from "./run-facts.ts";
import { toRecord } from "./token-usage.ts";
import type { UtilityCalls } from "./utility-calls.ts";

export interface CreditsDeps {
  provider: ModelProvider;
  /** Null = this installation has none, and no agent answers on credits. */
  platformKey: string | null;
  rules: PlatformRules;
  charger: RunCharger;
  utilityCalls: UtilityCalls;
  recordUsage: (usage: ModelUsage) => void;
  log: Logger;
  now: Clock;
}

export interface CreditsCall {
  access: ModelAccess;
  call: ModelCall;
  callId: string;
  /** The provider has begun to answer. */
  onHead: () => void;
}

/** The version of the provider's API that the rules were written for. */
const API_VERSION = "2023-06-01";

/** Answers a call on the platform's key: within the rules, held before and settled after. */
export async function answerOnCredits(
  deps: CreditsDeps,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  { access, call, callId, onHead }: CreditsCall,
): Promise<void> {
  const { platformKey, rules, charger, provider } = deps;
  if (platformKey === null || !canUseCredits(access.tier)) throw modelRefused("credits_not_included");
  const hasBody = request.method === "POST";
  const read = hasBody ? await readJsonBody(request) : null;
  const body = read === null ? null : toBody(read.value);
  const betas = parseBetas(request.headers["anthropic-beta"]);
  const problem = judgePlatformRequest(rules, { call, betas, body });
  if (problem !== null) throw new ProviderError("invalid_request_error", problem);

  request.headers["anthropic-version"] = API_VERSION;
  const outgoing = {
    ...call,
    apiKey: platformKey,
    onHead,
    // What was judged is what goes out: the caller's own text may say a thing twice, and parsers differ in which they take.
    ...(body === null ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    refusalOf: (status: number, headers: IncomingMessage["headers"]) =>
      platformRefusalOf(status, headers["retry-after"]),
  };
  if (call.endpoint !== "messages" || body === null || read === null) {
    provider.forward(request, response, { ...outgoing, onEnd: () => undefined });
    return;
  }
  const shape = toShape(body, read.bytes);
  const run = parseRun(request.headers, callId);
  const isUtility = isFree(deps, access.agentId, { run, shape });
  const steps = runSteps({ ...shape, isUtility }, run.kind);
  const charge = await charger.begin({ userId: access.userId, agentId: access.agentId, runId: run.id, callId, steps });
  const end = (result: CallEnd) =>
    settle(deps, charge, { result, access, callId, isUtility, askedModel: shape.model }).catch((error: unknown) =>
      deps.log.error({ err: error, callId, agentId: access.agentId }, "a model call was not settled"),
    );
  if (response.destroyed) {
    await end({ end: "gone", status: null, reading: null });
    return;
  }
  provider.forward(request, response, { ...outgoing, onEnd: (result) => void end(result) });
}

/** A utility call is free while the agent has some left; within a run that is paid it costs nothing anyway. */
function isFree(
  { charger, utilityCalls }: CreditsDeps,
  agentId: string,
  { run, shape }: { run: RunFacts; shape: CallShape },
): boolean {
  return isUtilityShaped(shape) && !charger.isPaid(agentId, run.id) && utilityCalls.take(agentId);
}

interface EndedCall {
  result: CallEnd;
  access: ModelAccess;
  callId: string;
  isUtility: boolean;
  askedModel: string;
}

async function settle(
  { charger, recordUsage, utilityCalls, now }: CreditsDeps,
  charge: RunCharge,
  { result: { end, reading }, access, callId, isUtility, askedModel }: EndedCall,
): Promise<void> {
  if (reading?.hasBegun !== true) {
    await charge.settle({ hasBegun: false, costMicroDollars: 0, facts: {} });
    return;
  }
  const known = { callId, access, runId: charge.runId, isUtility, askedModel, isComplete: end === "complete" };
  const usage = toUsage(reading, { ...known, credits: 0, atMs: now() });
  const wasPaid = charger.isPaid(access.agentId, charge.runId);
  const facts = toFacts(usage);
  const credits = await charge.settle({ hasBegun: true, costMicroDollars: usage.microDollars ?? 0, facts });
  if (!wasPaid && credits > 0) utilityCalls.earn(access.agentId);
  recordUsage({ ...usage, credits });
}

function toBody(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ProviderError("invalid_request_error", "The request is not a Messages request.");
  return toRecord(value);
}

function toShape(body: Readonly<Record<string, unknown>>, bodyBytes: number): CallShape {
  const { model, max_tokens: maxTokens, tools, thinking } = body;
  const kind = toRecord(thinking)["type"];
  return {
    model: String(model),
    maxTokens: Number(maxTokens),
    bodyBytes,
    hasTools: Array.isArray(tools) && tools.length > 0,
    hasExtendedThinking: thinking !== undefined && thinking !== null && kind !== "disabled",
  };
}
