import { describe, expect, test } from "vitest";
import { makeStreamMeter } from "./meter-stream.ts";

const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const usage = {
  input_tokens: 100,
  cache_creation_input_tokens: 30,
  cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
  cache_read_input_tokens: 7,
  output_tokens: 1,
};
const start = event("message_start", { message: { id: "m", model: "claude-sonnet-5", content: [], usage } });
const delta = (text: string) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
const end = event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 42 } });
const stream = [
  start,
  event("ping", {}),
  delta("Hello "),
  delta("event: message_delta"),
  end,
  event("message_stop", {}),
].join("");

/** The text in pieces of this many bytes. */
function metered(contentType: string, text: string, pieceBytes: number) {
  const meter = makeStreamMeter(contentType);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) meter.write(bytes.subarray(at, at + pieceBytes));
  return meter.read();
}

describe("a streamed answer", () => {
  test.each([1, 3, 17, 64, 10_000])("is counted from its own words, in pieces of %i bytes", (pieceBytes) => {
    expect(metered("text/event-stream; charset=utf-8", stream, pieceBytes)).toEqual({
      hasBegun: true,
      model: "claude-sonnet-5",
      tokens: { input: 100, output: 42, cacheWrite: 10, cacheWriteHour: 20, cacheRead: 7 },
    });
  });

  test("that is cut counts each piece of content as a token at least", () => {
    const cut = start + delta("one ") + delta("two ") + delta("three ");
    expect(metered("text/event-stream", cut, 50).tokens.output).toBe(3);
  });

  test("has not begun with a ping or an error", () => {
    const error = event("error", { error: { type: "overloaded_error", message: "Overloaded" } });
    expect(metered("text/event-stream", event("ping", {}) + error, 50).hasBegun).toBe(false);
  });

  test("a line that never ends, and one that is no JSON, are passed over", () => {
    const long = `event: message_start\ndata: {"type":"message_start","x":"${"x".repeat(400_000)}"}\n\n`;
    expect(metered("text/event-stream", `${long}event: message_delta\ndata: {\n\n${start}`, 9_000).model).toBe(
      "claude-sonnet-5",
    );
  });

  test("what the model writes is not taken for what the provider says", () => {
    const forged = delta('\n\nevent: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":0}}');
    expect(metered("text/event-stream", start + forged + end, 11).tokens.output).toBe(42);
  });
});

describe("an answer in one piece", () => {
  const whole = (extra: object = {}) =>
    JSON.stringify({
      id: "m",
      type: "message",
      content: [
        { type: "text", text: 'a "quoted\\" "usage":{"input_tokens":0} }' },
        { type: "tool_use", input: { usage: { input_tokens: 0, output_tokens: 0 }, model: "cheap" } },
      ],
      model: "claude-opus-5",
      usage,
      ...extra,
    });

  test.each([1, 5, 100_000])("is counted from its outermost fields only, in pieces of %i bytes", (pieceBytes) => {
    expect(metered("application/json", whole(), pieceBytes)).toEqual({
      hasBegun: true,
      model: "claude-opus-5",
      tokens: { input: 100, output: 1, cacheWrite: 10, cacheWriteHour: 20, cacheRead: 7 },
    });
  });

  test("has not begun before its counts are there", () => {
    expect(metered("application/json", whole().slice(0, 200), 50).hasBegun).toBe(false);
    expect(metered("application/json", '{"type":"error","error":{"usage":{"input_tokens":1}}}', 50).hasBegun).toBe(
      false,
    );
  });

  test("counts that make no sense are none", () => {
    const text = whole({ usage: { input_tokens: -5, output_tokens: "7", cache_read_input_tokens: 1e300 } });
    expect(metered("application/json", text, 50).tokens).toEqual({
      input: 0,
      output: 0,
      cacheWrite: 0,
      cacheWriteHour: 0,
      cacheRead: 0,
    });
  });
});
