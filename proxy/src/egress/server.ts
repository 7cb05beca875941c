import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import { EGRESS_HEADER } from "@automna/contract/headers";
import { SECOND_MS } from "@automna/core/shared/clock";
import { unreachable } from "@automna/core/shared/unreachable";
import type { Logger } from "@automna/service-kit/log";
import { answerOnCredits, type CreditsDeps } from "./answer-on-credits.ts";
import type { CallLimits } from "./call-limits.ts";
import type { DemoModel } from "./demo-model.ts";
import type { EgressMetrics } from "./egress-metrics.ts";
import type { parseModelCall } from "./endpoints.ts";
import type { ModelAccess, ModelAccessFinder } from "./find-model-access.ts";
import { BODY_MAX_BYTES, tooLarge, type CallEnd } from "./forward-model-call.ts";
import { answerProviderError, keyRefusalOf, modelRefused, ProviderError } from "./provider-error.ts";
import { toUsage } from "./record-call.ts";
import { parseRun } from "./run-facts.ts";

export interface EgressServerDeps extends CreditsDeps {
  access: ModelAccessFinder;
  limits: CallLimits;
  demo: DemoModel;
  metrics: EgressMetrics;
  newCallId: () => string;
  parseCall: typeof parseModelCall;
  log: Logger;
}

/** The model gateway's HTTP server: who calls, may they, whose key, and then only bytes. */
export function makeEgressServer(deps: EgressServerDeps): Server {
  const server = createServer({
    insecureHTTPParser: false,
    headersTimeout: 15 * SECOND_MS,
    requestTimeout: 0,
    keepAliveTimeout: 30 * SECOND_MS,
    noDelay: true,
    keepAlive: true,
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === "/healthz") {
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
      return;
    }
    const seen = watch(deps, response);
    answer(deps, { request, response }, seen).catch((error: unknown) => {
      const told = error instanceof ProviderError ? error : internalError(error);
      if (told !== error) deps.log.error({ err: error }, "model call failed");
      deps.metrics.refused(told.type);
      answerProviderError(response, told);
    });
  });
  return server;
}

interface Exchanged {
  request: IncomingMessage;
  response: ServerResponse;
}

/** What the metrics say of a call once its answer is over. */
interface Seen {
  access: ModelAccess | null;
  /** When the provider's answer began. */
  headAtMs: number | null;
}

function watch({ metrics, now }: EgressServerDeps, response: ServerResponse): Seen {
  const seen: Seen = { access: null, headAtMs: null };
  const startedAtMs = now();
  response.once("close", () =>
    metrics.answered({
      source: seen.access?.modelSource ?? null,
      status: response.headersSent ? response.statusCode : 0,
      totalMs: now() - startedAtMs,
      firstByteMs: seen.headAtMs === null ? null : seen.headAtMs - startedAtMs,
    }),
  );
  return seen;
}

async function answer(deps: EgressServerDeps, { request, response }: Exchanged, seen: Seen): Promise<void> {
  const { access, limits, demo, parseCall, newCallId } = deps;
  const credential = request.headers[EGRESS_HEADER];
  // Who calls comes first: whoever doesn't belong here learns nothing of what there is.
  const found = await access.find(typeof credential === "string" ? credential : undefined);
  seen.access = found;
  const call = parseCall(request.method ?? "", request.url ?? "");
  if (call === null) throw new ProviderError("permission_error", errorCatalogue.model_request_refused.message);
  if (Number(request.headers["content-length"] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  if (response.destroyed) return;
  limits.enter(found.agentId, response);
  const callId = newCallId();
  const onHead = () => {
    seen.headAtMs = deps.now();
  };
  switch (found.modelSource) {
    case "demo":
      return demo.answer(request, response, call);
    case "credits":
      return answerOnCredits(deps, { request, response }, { access: found, call, callId, onHead });
    case "byok": {
      const { apiKey } = found;
      if (apiKey === null) throw modelRefused("key_missing");
      const onEnd = (end: CallEnd) => recordOwnCall(deps, { end, access: found, callId, request });
      deps.provider.forward(request, response, { ...call, apiKey, refusalOf: keyRefusalOf, onHead, onEnd });
      return;
    }
    default:
      unreachable(found.modelSource);
  }
}

/** A call on the customer's own key costs no credits; its tokens are the customer's to see. */
function recordOwnCall(
  { recordUsage, now }: EgressServerDeps,
  { end: { end, reading }, access, callId, request }: OwnCall,
): void {
  if (reading?.hasBegun !== true) return;
  const run = parseRun(request.headers, callId);
  const known = { callId, access, runId: run.id, isUtility: false, askedModel: "unknown", credits: 0, atMs: now() };
  recordUsage(toUsage(reading, { ...known, isComplete: end === "complete" }));
}

interface OwnCall {
  end: CallEnd;
  access: ModelAccess;
  callId: string;
  request: IncomingMessage;
}

function internalError(cause: unknown): ProviderError {
  return new ProviderError("api_error", errorCatalogue.internal_error.message, { cause });
}
