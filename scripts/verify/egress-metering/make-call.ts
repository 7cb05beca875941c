import { EGRESS_HEADER, RUN_HEADER } from "@automna/contract/headers";
import { request, type Dispatcher } from "undici";
import { writeDirective, type Directive } from "./directives.ts";
import type { Customer } from "./world.ts";

export interface PlannedCall {
  customer: Customer;
  /** Null = agentd did not say which. */
  run: string | null;
  model: string;
  isStream: boolean;
  hasThinking: boolean;
  isUtility: boolean;
  /** When the caller leaves: before the first byte, at the first, never. */
  leaves: "before" | "amid" | null;
  directive: Directive;
}

export interface MadeCall {
  /** Null = the caller left, or the connection broke, before a head. */
  status: number | null;
  errorType: string | null;
  /** All that came, head and body. */
  transcript: string;
  firstByteMs: number | null;
}

const LEAVES_AFTER_MS = 80;

/** Makes a call as an agentd does. Never throws for what may happen to a call. */
export async function makeCall(url: string, call: PlannedCall, dispatcher: Dispatcher): Promise<MadeCall> {
  const leaving = new AbortController();
  const made: MadeCall = { status: null, errorType: null, transcript: "", firstByteMs: null };
  const timer = call.leaves === "before" ? setTimeout(() => leaving.abort(), LEAVES_AFTER_MS) : undefined;
  const startedAt = performance.now();
  try {
    const answer = await request(`${url}/v1/messages`, {
      dispatcher,
      method: "POST",
      headers: {
        [EGRESS_HEADER]: call.customer.credential,
        ...(call.run === null ? {} : { [RUN_HEADER]: call.run }),
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": "the model port's token",
      },
      body: JSON.stringify(toBody(call)),
      signal: leaving.signal,
    });
    made.status = answer.statusCode;
    made.transcript = JSON.stringify(answer.headers);
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      made.firstByteMs ??= performance.now() - startedAt;
      made.transcript += chunk.toString("utf8");
      if (call.leaves === "amid") leaving.abort();
    }
    if (made.status !== 200)
      made.errorType = /"type":"error","error":\{"type":"(\w+)"/.exec(made.transcript)?.[1] ?? "";
  } catch {
    // Left, or cut: what came until then is what there is.
  } finally {
    clearTimeout(timer);
  }
  return made;
}

export function toBody({ model, isStream, hasThinking, isUtility, directive }: PlannedCall): object {
  return {
    model,
    max_tokens: isUtility ? 240 : 4_096,
    stream: isStream,
    ...(hasThinking ? { thinking: { type: "enabled", budget_tokens: 1_024 } } : {}),
    ...(isUtility ? {} : { tools: [{ name: "read", input_schema: { type: "object" } }] }),
    messages: [{ role: "user", content: writeDirective(directive) }],
  };
}
