import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openContract, type Contract } from "../contract.ts";
import {
  anthropicError,
  countTokens,
  modelList,
  streamedMessage,
  wholeMessage,
  type AnthropicErrorType,
} from "./anthropic-answers.ts";
import { parsePrompt, type Prompt } from "./anthropic-prompt.ts";

/** What a key is good for: `limited` is over its rate (429), `unpaid` out of credit (402); unknown keys get 401. */
export type KeyState = "good" | "limited" | "unpaid";

/** How a call is answered. */
export interface Reply {
  text: string;
  /** Pause between two words, ms. */
  chunkMs?: number;
  /** Silence before the first byte, ms. */
  delayMs?: number;
  /** Answer with this error instead. */
  error?: AnthropicErrorType;
  /** Break the connection after so many words. */
  cutAfter?: number;
  /** Tokens of the prompt that come from the cache, or are written to it. */
  cacheRead?: number;
  cacheWrite?: number;
}
export type MakeReply = (prompt: Prompt, request: RecordedCall) => string | Reply;

export interface RecordedCall {
  id: number;
  atMs: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came over the wire. */
  body: string;
  /** Null for what is not a Messages request. */
  prompt: Prompt | null;
  /** Null until the head of the answer is sent. */
  status: number | null;
  /** The client went away before the answer was complete. */
  isClosedEarly: boolean;
  /** What the answer told of its tokens so far; null = no answer has begun. */
  told: ToldTokens | null;
}

/** Words of an answer that was cut count as they were written. */
export interface ToldTokens {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  isComplete: boolean;
}

export interface FakeAnthropicOptions {
  keys?: Readonly<Record<string, KeyState>>;
  /** Pause between two words where the reply says nothing else, ms. */
  chunkMs?: number;
  models?: readonly string[];
  reply?: MakeReply;
  /** Address to listen on, for callers in a lab. Default: 127.0.0.1. */
  host?: string;
}

export interface FakeAnthropic {
  url: string;
  /** A word that this server alone knows; the default reply says it. */
  nonce: string;
  contract: Contract;
  requests: () => readonly RecordedCall[];
  setReply: (reply: MakeReply) => void;
  setKey: (key: string, state: KeyState) => void;
  removeKey: (key: string) => void;
  /** Stops, and throws when the vendor's description was broken. */
  close: () => Promise<void>;
}

/** A key in the vendor's form that no other run has. */
export function newAnthropicKey(): string {
  return `sk-ant-api03-${randomBytes(48).toString("base64url")}-${randomBytes(4).toString("hex")}AA`;
}

const MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5"] as const;
/** Derived from the vendor's SDK, or the vendor's own. */
const DESCRIPTIONS = ["anthropic-from-sdk.openapi.json", "anthropic.openapi.yml"] as const;
const UNDESCRIBED = {
  "POST /v1/messages": "the derived description holds the key check only",
  "POST /v1/messages/count_tokens": "likewise",
  "GET /v1/models/:id": "likewise",
};

/** Starts a stateful stand-in for the vendor's Messages API on a free port. */
export async function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const contract = await openContract({ vendor: "Anthropic", files: DESCRIPTIONS, undescribed: UNDESCRIBED });
  const nonce = randomBytes(9).toString("hex");
  const keys = new Map(Object.entries(options.keys ?? {}));
  const calls: RecordedCall[] = [];
  const { chunkMs = 20, models = MODELS, host = "127.0.0.1" } = options;
  let reply: MakeReply = options.reply ?? (() => `Hello. The word that only I know is ${nonce}.`);

  const server = createServer((request, response) => {
    void record(request, calls).then((call) => {
      response.once("close", () => (call.isClosedEarly = !response.writableFinished));
      return answer(call, response).catch(() => response.destroy());
    });
  });

  async function answer(call: RecordedCall, response: ServerResponse): Promise<void> {
    const asked = {
      method: call.method,
      path: call.path,
      headers: call.headers,
      ...(call.body === "" ? {} : { body: call.body }),
    };
    contract.checkRequest(asked);
    const sendJson = (status: number, body: unknown) => {
      contract.checkAnswer(asked, { status, body });
      send(call, response, status, body);
    };
    const sendError = (type: AnthropicErrorType, message: string) => {
      const error = anthropicError(type, message);
      sendJson(error.status, error.body);
    };

    const refusal = refuse(call, keys);
    if (refusal !== null) return sendError(refusal.type, refusal.message);
    const path = call.path.split("?")[0];
    if (call.method === "GET" && path === "/v1/models") return sendJson(200, modelList(models));
    const model = call.method === "GET" ? models.find((id) => path === `/v1/models/${id}`) : undefined;
    if (model !== undefined) return sendJson(200, modelList([model]).data[0]);
    if (call.method !== "POST" || (path !== "/v1/messages" && path !== "/v1/messages/count_tokens"))
      return send(call, response, 404, anthropicError("not_found_error", "Not found").body);
    const { prompt } = call;
    if (prompt === null) return sendError("invalid_request_error", "model, max_tokens and messages are required");
    if (path === "/v1/messages/count_tokens") return sendJson(200, { input_tokens: countTokens(prompt) });

    const made = reply(prompt, call);
    const how: Reply = typeof made === "string" ? { text: made } : made;
    if (how.delayMs !== undefined) await sleep(how.delayMs);
    if (response.destroyed) return;
    if (how.error !== undefined) return sendError(how.error, `The stand-in was told to answer ${how.error}`);
    const id = `msg_fake_${call.id}`;
    const cache = { read: how.cacheRead ?? 0, write: how.cacheWrite ?? 0 };
    if (!prompt.isStream) {
      const message = wholeMessage(id, prompt, { text: how.text, cache });
      call.told = toTold(message.usage, true);
      return sendJson(200, message);
    }
    await sendStream(call, response, streamedMessage(id, prompt, { text: how.text, cache }), {
      chunkMs: how.chunkMs ?? chunkMs,
      cutAfter: how.cutAfter ?? Infinity,
    });
  }

  server.listen(0, host);
  await once(server, "listening");
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    nonce,
    contract,
    requests: () => calls,
    setReply: (next) => (reply = next),
    setKey: (key, state) => keys.set(key, state),
    removeKey: (key) => keys.delete(key),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      contract.assertKept();
    },
  };
}

async function record(request: IncomingMessage, calls: RecordedCall[]): Promise<RecordedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString("utf8");
  const call: RecordedCall = {
    id: calls.length + 1,
    atMs: Date.now(),
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body,
    prompt: parsePrompt(parseJson(body)),
    status: null,
    isClosedEarly: false,
    told: null,
  };
  calls.push(call);
  return call;
}

function refuse(
  { headers }: RecordedCall,
  keys: ReadonlyMap<string, KeyState>,
): { type: AnthropicErrorType; message: string } | null {
  const key = headers["x-api-key"];
  if (typeof key !== "string") return { type: "authentication_error", message: "x-api-key header is required" };
  if (headers["anthropic-version"] === undefined)
    return { type: "invalid_request_error", message: "anthropic-version: header is required" };
  switch (keys.get(key)) {
    case undefined:
      return { type: "authentication_error", message: "invalid x-api-key" };
    case "limited":
      return { type: "rate_limit_error", message: "This request would exceed your organization's rate limit." };
    case "unpaid":
      return { type: "billing_error", message: "Your credit balance is too low to access the Anthropic API." };
    case "good":
      return null;
  }
}

function send(call: RecordedCall, response: ServerResponse, status: number, body: unknown): void {
  call.status = status;
  response.writeHead(status, { "content-type": "application/json", "request-id": `req_fake_${call.id}` });
  response.end(JSON.stringify(body));
}

async function sendStream(
  call: RecordedCall,
  response: ServerResponse,
  { usage, opening, deltas, closing }: ReturnType<typeof streamedMessage>,
  { chunkMs, cutAfter }: { chunkMs: number; cutAfter: number },
): Promise<void> {
  call.status = 200;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "request-id": `req_fake_${call.id}`,
  });
  response.write(opening.join(""));
  const told = toTold(usage, false);
  call.told = told;
  for (const [index, delta] of deltas.entries()) {
    if (response.destroyed) return;
    if (index >= cutAfter) return void response.destroy();
    response.write(delta);
    told.output = Math.max(told.output, index + 1);
    await sleep(chunkMs);
  }
  if (response.destroyed) return;
  told.output = deltas.length;
  told.isComplete = true;
  response.end(closing.join(""));
}

function toTold(usage: ReturnType<typeof streamedMessage>["usage"], isComplete: boolean): ToldTokens {
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens,
    cacheWrite: usage.cache_creation_input_tokens,
    isComplete,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
