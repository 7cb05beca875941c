import { expect, test } from "vitest";
import { parseModelCall, type ModelCall } from "./endpoints.ts";
import { judgePlatformRequest, parseBetas, platformRules, type PlatformRequest } from "./platform-rules.ts";

const to = (method: string, target: string): ModelCall => {
  const call = parseModelCall(method, target);
  if (call === null) throw new Error(`${target} is no model call`);
  return call;
};
const openClaws: PlatformRequest = {
  call: to("POST", "/v1/messages"),
  betas: parseBetas("fine-grained-tool-streaming-2025-05-14, interleaved-thinking-2025-05-14"),
  body: {
    model: "claude-sonnet-4-5",
    max_tokens: 32_000,
    stream: true,
    system: [{ type: "text", text: "x", cache_control: { type: "ephemeral" } }],
    messages: [{ role: "user", content: "hi" }],
    tools: [
      { name: "read", input_schema: { type: "object" } },
      { type: "custom", name: "write" },
    ],
    thinking: { type: "enabled", budget_tokens: 1_024 },
    metadata: { user_id: "x" },
  },
};
const judge = (change: Partial<PlatformRequest> = {}, body: object = {}) =>
  judgePlatformRequest(platformRules, { ...openClaws, ...change, body: { ...openClaws.body, ...body } });

test("what OpenClaw asks passes", () => {
  expect(judge()).toBeNull();
  expect(judge({ call: to("POST", "/v1/messages?beta=true") }, { model: "claude-opus-4-5-20251101" })).toBeNull();
  expect(judgePlatformRequest(platformRules, { call: to("GET", "/v1/models"), betas: [], body: null })).toBeNull();
  expect(judge({ call: to("POST", "/v1/messages/count_tokens") }, { max_tokens: undefined })).toBeNull();
});

test.each([
  ["another address", { call: to("GET", "/v1/models/claude-sonnet-5") }, {}],
  ["an address with options", { call: to("POST", "/v1/messages?service_tier=priority") }, {}],
  ["a beta that costs extra", { betas: ["context-1m-2025-08-07"] }, {}],
  ["a field that costs extra", {}, { service_tier: "auto" }],
  ["a server that the provider would call", {}, { mcp_servers: [] }],
  ["a model without a price", {}, { model: "claude-mythos-5" }],
  ["no model", {}, { model: ["claude-sonnet-5"] }],
  ["more than may be asked for", {}, { max_tokens: 32_001 }],
  ["less than one token", {}, { max_tokens: 0 }],
  ["half a token", {}, { max_tokens: 1.5 }],
  ["a tool of the provider's", {}, { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
  ["tools that are no list", {}, { tools: { type: "web_search_20250305" } }],
] as const)("%s is refused", (_what, change, body) => {
  expect(judge(change, body)).toMatch(/on credits\.$|list\.$/);
});

test("a refusal repeats no more than a line of what was asked", () => {
  expect(judge({}, { model: `claude-${"x".repeat(500)}\n` })?.length).toBeLessThan(150);
});
