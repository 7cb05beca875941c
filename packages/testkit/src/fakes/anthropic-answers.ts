import type { Prompt } from "./anthropic-prompt.ts";

/** Error types and their statuses, as the vendor's errors page and its SDK list them. */
const errorStatus = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529,
} as const;
export type AnthropicErrorType = keyof typeof errorStatus;

export function anthropicError(type: AnthropicErrorType, message: string) {
  return { status: errorStatus[type], body: { type: "error", error: { type, message } } };
}

/** GET /v1/models. */
export function modelList(ids: readonly string[]) {
  const data = ids.map((id) => ({
    type: "model",
    id,
    display_name: id,
    created_at: "2025-09-29T00:00:00Z",
    capabilities: null,
    deprecated_at: null,
    lifecycle: "active",
    line: id.includes("haiku") ? "haiku" : "sonnet",
    max_input_tokens: 200_000,
    max_tokens: 64_000,
    retires_at: null,
  }));
  return { data, has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
}

const CHARACTERS_PER_TOKEN = 4;

/** A rough count, good enough to be a plausible number. */
export function countTokens({ system, turns }: Prompt): number {
  return Math.ceil((system.length + turns.join("").length) / CHARACTERS_PER_TOKEN);
}

/** What an answer says, and how many of the prompt's tokens the cache had or took. */
export interface Said {
  text: string;
  cache: { read: number; write: number };
}

/** The answer to a call without `stream`. */
export function wholeMessage(id: string, prompt: Prompt, said: Said) {
  return {
    ...emptyMessage(id, prompt, said),
    content: [{ type: "text", text: said.text }],
    stop_reason: "end_turn",
    usage: usage(prompt, said, words(said.text).length),
  };
}

/** The events of a streamed answer: what comes before the text, one per word, what comes after. */
export function streamedMessage(id: string, prompt: Prompt, said: Said) {
  const parts = words(said.text);
  const message = emptyMessage(id, prompt, said);
  return {
    usage: message.usage,
    opening: [
      event("message_start", { message }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      event("ping", {}),
    ],
    deltas: parts.map((part) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text: part } })),
    closing: [
      event("content_block_stop", { index: 0 }),
      event("message_delta", {
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: parts.length },
      }),
      event("message_stop", {}),
    ],
  };
}

function emptyMessage(id: string, prompt: Prompt, said: Said) {
  return {
    id,
    type: "message",
    role: "assistant",
    model: prompt.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usage(prompt, said, 1),
  };
}

function usage(prompt: Prompt, { cache }: Said, outputTokens: number) {
  return {
    input_tokens: countTokens(prompt),
    output_tokens: outputTokens,
    cache_creation_input_tokens: cache.write,
    cache_read_input_tokens: cache.read,
  };
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

/** Words with the space that follows, so that joining them gives the text again. */
function words(text: string): string[] {
  return text.split(/(?<=\s)(?=\S)/);
}
