import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import { parseDemoPrompt, toTokens, type DemoPrompt } from "./demo-prompt.ts";
import { demoReply } from "./demo-replies.ts";
import type { ModelCall } from "./endpoints.ts";
import { ProviderError } from "./provider-error.ts";
import { readJsonBody } from "./read-json-body.ts";

export interface DemoModel {
  /** Answers a call as the provider would. Throws a ProviderError for a request that it would refuse. */
  answer: (request: IncomingMessage, response: ServerResponse, call: ModelCall) => Promise<void>;
}

/** About the pace of a quick model. */
const CHUNK_MS = 30;
const CREATED_AT = "2026-11-22T00:00:00Z";
const demoModels = ["claude-sonnet-4-5", "claude-haiku-4-5"];

/** The labelled demo model: a script behind the provider's Messages API, so that a demo is a real run of the agent. */
export function makeDemoModel({ now }: { now: Clock }): DemoModel {
  let count = 0;
  return {
    async answer(request, response, call) {
      if (call.endpoint === "list_models") {
        answerJson(response, {
          data: demoModels.map(toModel),
          has_more: false,
          first_id: demoModels[0],
          last_id: demoModels.at(-1),
        });
        return;
      }
      if (call.endpoint === "get_model") {
        answerJson(response, toModel(call.modelId ?? ""));
        return;
      }
      const prompt = parseDemoPrompt((await readJsonBody(request)).value);
      if (prompt === null) throw new ProviderError("invalid_request_error", "The request is not a Messages request.");
      if (call.endpoint === "count_tokens") {
        answerJson(response, { input_tokens: prompt.inputTokens });
        return;
      }
      count += 1;
      const id = `msg_demo_${now().toString(36)}_${count}`;
      if (prompt.isStream) await streamMessage(response, id, prompt);
      else answerJson(response, toMessage(id, prompt, demoReply(prompt)));
    },
  };
}

function toModel(id: string) {
  return { type: "model", id, display_name: `${id} (demo)`, created_at: CREATED_AT };
}

function toMessage(id: string, { model, inputTokens }: DemoPrompt, text: string | null) {
  return {
    id,
    type: "message",
    role: "assistant",
    model,
    content: text === null ? [] : [{ type: "text", text }],
    stop_reason: text === null ? null : "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: text === null ? 1 : toTokens(text.length),
    },
  };
}

/** Server-sent events in the order of the provider's streaming protocol. Ends early when the caller leaves. */
async function streamMessage(response: ServerResponse, id: string, prompt: DemoPrompt): Promise<void> {
  const text = demoReply(prompt);
  const leaving = new AbortController();
  response.on("close", () => leaving.abort());
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);

  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "request-id": `req_${id}`,
  });
  send("message_start", { message: toMessage(id, prompt, null) });
  send("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  send("ping", {});
  for (const chunk of toChunks(text)) {
    await sleep(CHUNK_MS, undefined, { signal: leaving.signal }).catch(() => undefined);
    if (leaving.signal.aborted) return;
    send("content_block_delta", { index: 0, delta: { type: "text_delta", text: chunk } });
  }
  send("content_block_stop", { index: 0 });
  send("message_delta", {
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: toTokens(text.length) },
  });
  send("message_stop", {});
  response.end();
}

/** Two or three words at a time. */
function toChunks(text: string): string[] {
  return text.match(/(?:\S+\s*){1,3}/g) ?? [];
}

function answerJson(response: ServerResponse, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}
