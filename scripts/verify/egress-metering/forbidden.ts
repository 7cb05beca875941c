import { EGRESS_HEADER, RUN_HEADER } from "@automna/contract/headers";
import { request, type Dispatcher } from "undici";
import type { ModelCall } from "../../../proxy/src/egress/endpoints.ts";
import { platformRules, type PlatformRuleName } from "../../../proxy/src/egress/platform-rules.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startListeningProvider, type ListeningProvider } from "./listening-provider.ts";
import { startInProcess } from "./in-process.ts";
import type { Customer, World } from "./world.ts";

interface Forbidden {
  what: string;
  method?: "GET" | "POST" | "DELETE";
  path?: string;
  headers?: Record<string, string>;
  body?: object;
}

const messages = (body: object): Omit<Forbidden, "what"> => ({ body });
/** What each rule keeps away from the platform's key. A new rule does not compile without something that it stops. */
const byRule: Record<PlatformRuleName, readonly Forbidden[]> = {
  endpoint: [
    { what: "one model's page", method: "GET", path: "/v1/models/claude-sonnet-4-5" },
    { what: "an address with options", path: "/v1/messages?service_tier=priority", ...messages({}) },
  ],
  betas: [
    { what: "the long context, at another price", headers: { "anthropic-beta": "context-1m-2025-08-07" } },
    { what: "fast mode", headers: { "anthropic-beta": "interleaved-thinking-2025-05-14, fast-mode-2026-02-01" } },
    { what: "the provider's files", headers: { "anthropic-beta": "files-api-2025-04-14" } },
  ],
  fields: [
    { what: "priority", ...messages({ service_tier: "auto" }) },
    { what: "somebody's tool server", ...messages({ mcp_servers: [{ type: "url", url: "https://example.com" }] }) },
    { what: "a container", ...messages({ container: "x" }) },
    { what: "double speed", ...messages({ speed: "fast" }) },
  ],
  model: [
    { what: "a model without a price", ...messages({ model: "claude-mythos-5" }) },
    { what: "a model of another name", ...messages({ model: "claude-sonnet-5-thinking" }) },
  ],
  maxTokens: [{ what: "an endless answer", ...messages({ max_tokens: 128_000 }) }],
  tools: [
    {
      what: "the provider's web search",
      ...messages({ tools: [{ type: "web_search_20250305", name: "web_search" }] }),
    },
    { what: "the provider's computers", ...messages({ tools: [{ type: "code_execution_20250825", name: "code" }] }) },
    {
      what: "the provider's fetch",
      ...messages({ tools: [{ name: "a" }, { type: "web_fetch_20250910", name: "f" }] }),
    },
  ],
};

/** Addresses of the provider that no agent reaches, on whosever key. */
const addresses: readonly Forbidden[] = [
  { what: "batches", path: "/v1/messages/batches" },
  { what: "files", path: "/v1/files" },
  { what: "the account's keys", method: "GET", path: "/v1/organizations/api_keys" },
  { what: "usage of the account", method: "GET", path: "/v1/organizations/usage_report/messages" },
  { what: "the old completions", path: "/v1/complete" },
  { what: "deleting a model's page", method: "DELETE", path: "/v1/models/claude-sonnet-4-5" },
];

/** Each thing that the platform's key is not for, first past a gateway without that one rule. */
export async function tryForbidden(ctx: ScenarioContext, world: World, dispatcher: Dispatcher): Promise<void> {
  const customer = await world.addCustomer();
  const provider = await startListeningProvider(ctx);
  const providerUrl = provider.url;
  const safe = await startInProcess(ctx, world, { providerUrl });
  const attempt = { ctx, world, provider, customer, dispatcher };
  for (const [rule, list] of Object.entries(byRule)) {
    const unsafe = await startInProcess(ctx, world, {
      providerUrl,
      guards: { rules: { ...platformRules, [rule]: () => null } },
    });
    await tryEach(attempt, rule, { list, unsafe, safe });
  }
  const everything = (method: string, target: string): ModelCall => ({
    endpoint: method === "POST" ? "messages" : "list_models",
    target,
    modelId: null,
  });
  const unsafe = await startInProcess(ctx, world, {
    providerUrl,
    guards: { parseCall: everything, rules: { ...platformRules, endpoint: () => null } },
  });
  await tryEach(attempt, "address", { list: addresses, unsafe, safe });
}

interface Attempt {
  ctx: ScenarioContext;
  world: World;
  provider: ListeningProvider;
  customer: Customer;
  dispatcher: Dispatcher;
}

async function tryEach(
  attempt: Attempt,
  kind: string,
  { list, unsafe, safe }: { list: readonly Forbidden[]; unsafe: string; safe: string },
): Promise<void> {
  for (const forbidden of list)
    await attempt.ctx.attack({
      name: `${kind}: ${forbidden.what}`,
      unsafe: () => arrives(attempt, unsafe, forbidden),
      safe: () => arrives(attempt, safe, forbidden),
    });
}

/** True when the provider got it, with the platform's key. */
async function arrives(
  { ctx, world, provider, customer, dispatcher }: Attempt,
  url: string,
  { method = "POST", path = "/v1/messages", headers = {}, body = {} }: Forbidden,
): Promise<boolean> {
  const mark = ctx.random.hex(16);
  const sent = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: mark }], ...body };
  const before = provider.heard.length;
  const answer = await request(`${url}${path}`, {
    dispatcher,
    method,
    headers: {
      [EGRESS_HEADER]: customer.credential,
      [RUN_HEADER]: `forbidden-${mark}`,
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      ...headers,
    },
    ...(method === "POST" ? { body: JSON.stringify(sent) } : {}),
  });
  await answer.body.dump();
  return provider.heard
    .slice(before)
    .some(
      (call) =>
        call.headers["x-api-key"] === world.platformKey &&
        (method === "POST" ? call.body.includes(mark) : call.path === path && call.method === method),
    );
}
