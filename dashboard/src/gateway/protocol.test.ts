import { expect, test } from "vitest";
import { chatEventSchema, isMainSession, parseFrame, toConnectParams, toolEventSchema, toText } from "./protocol.ts";

test("reads events and answers, and nothing else", () => {
  expect(parseFrame('{"type":"event","event":"tick","seq":3}')).toMatchObject({ type: "event", event: "tick" });
  expect(
    parseFrame(
      '{"type":"res","id":"r1","ok":false,"error":{"code":"UNAVAILABLE","message":"starting","retryAfterMs":500}}',
    ),
  ).toMatchObject({ ok: false, error: { retryAfterMs: 500 } });
  for (const data of ["", "{}", "[1]", '{"type":"req"}', new ArrayBuffer(2)]) expect(parseFrame(data)).toBeNull();
});

test("never sends a device or credentials with the hello", () => {
  const params = toConnectParams("de-DE");
  expect(params).toMatchObject({ minProtocol: 4, maxProtocol: 4, client: { id: "webchat-ui", mode: "webchat" } });
  expect(Object.keys(params)).not.toContain("auth");
  expect(Object.keys(params)).not.toContain("device");
});

test("reads a delta and the start of a tool call as the gateway sends them", () => {
  const delta = {
    runId: "r",
    sessionKey: "agent:main:main",
    agentId: "main",
    seq: 6,
    state: "delta",
    deltaText: "Hello",
    message: { role: "assistant", content: [{ type: "text", text: "Hello" }], timestamp: 1 },
  };
  expect(toText(chatEventSchema.parse(delta).message?.content)).toBe("Hello");
  expect(
    toolEventSchema.safeParse({ runId: "r", stream: "tool", data: { phase: "start", name: "exec", toolCallId: "t" } })
      .success,
  ).toBe(true);
  expect(toolEventSchema.safeParse({ runId: "r", stream: "lifecycle", data: { phase: "end" } }).success).toBe(false);
});

test("knows the main session by both of its names", () => {
  expect(["main", "agent:main:main", undefined].map(isMainSession)).toEqual([true, true, true]);
  expect(isMainSession("agent:main:dashboard:1")).toBe(false);
});
