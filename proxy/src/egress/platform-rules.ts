import { findModelPrice } from "@automna/core/credits/model-prices";
import type { ModelCall, ModelEndpoint } from "./endpoints.ts";
import { toRecord } from "./token-usage.ts";

/** A call that asks for the platform's key. */
export interface PlatformRequest {
  call: ModelCall;
  /** Names in `anthropic-beta`. */
  betas: readonly string[];
  /** Null for a call without one. */
  body: Readonly<Record<string, unknown>> | null;
}

/** What is wrong with a request, for whoever wrote it; null = nothing. */
export type PlatformRule = (request: PlatformRequest) => string | null;

/** Longest answer of one call, tokens: what OpenClaw is configured to ask for at most. */
export const MAX_TOKENS = 32_000;

/** Paths and queries that pass; `beta=true` is what the provider's SDK adds to calls with beta headers. */
const targets: Partial<Record<ModelEndpoint, RegExp>> = {
  messages: /^\/v1\/messages(\?beta=true)?$/,
  count_tokens: /^\/v1\/messages\/count_tokens(\?beta=true)?$/,
  list_models: /^\/v1\/models(\?(limit=\d{1,4}|beta=true))?$/,
};

/** Betas that change the form of an answer and not its price. */
const betas: ReadonlySet<string> = new Set([
  "fine-grained-tool-streaming-2025-05-14",
  "interleaved-thinking-2025-05-14",
  "prompt-caching-2024-07-31",
  "extended-cache-ttl-2025-04-11",
  "token-counting-2024-11-01",
  "context-management-2025-06-27",
  "structured-outputs-2025-12-15",
]);

/** Not among them, as they cost extra or reach further: service_tier, speed, inference_geo, container, mcp_servers, fallbacks. */
const fields: ReadonlySet<string> = new Set([
  "model",
  "max_tokens",
  "messages",
  "system",
  "stream",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "tools",
  "tool_choice",
  "thinking",
  "metadata",
  "cache_control",
  "context_management",
  "output_config",
  "output_format",
]);

/**
 * What passes on the platform's key (design D7). One rule per thing that could cost the platform what no price covers; the
 * customers' own keys know none of them.
 */
export const platformRules = {
  endpoint: ({ call }) =>
    targets[call.endpoint]?.test(call.target) === true ? null : "This address is not available on credits.",
  betas: (request) => {
    const unknown = request.betas.find((name) => !betas.has(name));
    return unknown === undefined ? null : `anthropic-beta: ${quote(unknown)} is not available on credits.`;
  },
  fields: ({ body }) => {
    const unknown = Object.keys(body ?? {}).find((name) => !fields.has(name));
    return unknown === undefined ? null : `${quote(unknown)} is not available on credits.`;
  },
  model: ({ call, body }) => {
    if (!hasModel(call)) return null;
    const model = body?.["model"];
    if (typeof model === "string" && findModelPrice(model) !== null) return null;
    return `model: ${quote(String(model))} is not available on credits.`;
  },
  maxTokens: ({ call, body }) => {
    if (call.endpoint !== "messages") return null;
    const limit = body?.["max_tokens"];
    if (Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= MAX_TOKENS) return null;
    return `max_tokens: must be from 1 to ${MAX_TOKENS} on credits.`;
  },
  tools: ({ body }) => {
    const tools = body?.["tools"] ?? [];
    if (!Array.isArray(tools)) return "tools: must be a list.";
    const kinds = tools.map((tool: unknown) => toRecord(tool)["type"] ?? "custom");
    const server = kinds.find((kind) => kind !== "custom");
    return server === undefined ? null : `tools: ${quote(JSON.stringify(server))} is not available on credits.`;
  },
} as const satisfies Record<string, PlatformRule>;

export type PlatformRuleName = keyof typeof platformRules;
export type PlatformRules = Readonly<Record<PlatformRuleName, PlatformRule>>;

/** The first thing that is wrong with a request; null = it may pass. */
export function judgePlatformRequest(rules: PlatformRules, request: PlatformRequest): string | null {
  for (const rule of Object.values(rules)) {
    const problem = rule(request);
    if (problem !== null) return problem;
  }
  return null;
}

export function parseBetas(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(",")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

function hasModel({ endpoint }: ModelCall): boolean {
  return endpoint === "messages" || endpoint === "count_tokens";
}

/** The caller's own word back to them, no longer than a line. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
