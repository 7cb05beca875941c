import { SECOND_MS } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import { request, type Dispatcher } from "undici";
import { keyVerdict, type KeyVerdict } from "./key-verdict.ts";

const DEADLINE_MS = 10 * SECOND_MS;
const MAX_ANSWER_BYTES = 256 * 1_024;

/** Asks the provider whether a key works, in 10 s at most. "No answer" is a verdict too; it never throws. */
export type CheckModelKey = (key: string, signal: AbortSignal) => Promise<KeyVerdict>;

export function makeCheckModelKey(deps: { providerUrl: string; dispatcher: Dispatcher; log: Logger }): CheckModelKey {
  const { dispatcher, log } = deps;
  const url = new URL("/v1/models", deps.providerUrl);
  return async (key, gone) => {
    const signal = AbortSignal.any([gone, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      const answer = await request(url, {
        dispatcher,
        signal,
        headers: { "x-api-key": key, "anthropic-version": "2023-06-01", accept: "application/json" },
      });
      return keyVerdict(answer.statusCode, parseJson(await readText(answer.body)));
    } catch (error) {
      // Never the error itself: it may quote what was sent.
      log.warn(
        { host: url.host, reason: error instanceof Error ? error.name : "unknown" },
        "the model provider does not answer",
      );
      return "provider_unreachable";
    }
  };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError("the answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
