import { afterEach, beforeEach, expect, test } from "vitest";
import { newAnthropicKey, startFakeAnthropic, type FakeAnthropic } from "./anthropic.ts";

const key = newAnthropicKey();
let fake: FakeAnthropic;
beforeEach(async () => {
  fake = await startFakeAnthropic({ keys: { [key]: "good" }, chunkMs: 1 });
});
afterEach(() => fake.close());

const headers = (apiKey = key) => ({
  "x-api-key": apiKey,
  "anthropic-version": "2023-06-01",
  "content-type": "application/json",
});
const ask = (content: unknown, extra: object = {}, apiKey = key) =>
  fetch(`${fake.url}/v1/messages`, {
    method: "POST",
    headers: headers(apiKey),
    body: JSON.stringify({
      model: "claude-sonnet-4-5",
      max_tokens: 100,
      messages: [{ role: "user", content }],
      ...extra,
    }),
  });

test("lists its models for a good key, and refuses others as the vendor does", async () => {
  const list = await fetch(`${fake.url}/v1/models`, { headers: headers() });
  expect(await list.json()).toMatchObject({ data: [{ id: "claude-sonnet-4-5" }, {}], has_more: false });

  fake.setKey("sk-limited", "limited");
  fake.setKey("sk-unpaid", "unpaid");
  for (const [apiKey, status, type] of [
    ["sk-unknown", 401, "authentication_error"],
    ["sk-limited", 429, "rate_limit_error"],
    ["sk-unpaid", 402, "billing_error"],
  ] as const) {
    const refused = await fetch(`${fake.url}/v1/models`, { headers: headers(apiKey) });
    expect(refused.status).toBe(status);
    expect(await refused.json()).toMatchObject({ type: "error", error: { type } });
  }
});

test("streams the answer word by word and says its nonce", async () => {
  const answer = await ask("Hi", { stream: true });
  const events = (await answer.text()).split("\n\n").filter(Boolean);
  const text = events.flatMap((event) => /"text_delta","text":"([^"]*)"/.exec(event)?.[1] ?? []).join("");
  expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(events.at(0)).toMatch(/^event: message_start/);
  expect(events.at(-1)).toMatch(/^event: message_stop/);
  expect(text).toContain(fake.nonce);
});

test("gives the reply all user text after the last assistant turn", async () => {
  fake.setReply((prompt) => `I heard: ${prompt.user}`);
  const messages = [
    { role: "user", content: "old" },
    { role: "assistant", content: "yes" },
    { role: "user", content: [{ type: "text", text: "new" }] },
    { role: "user", content: "context" },
  ];
  const body = (await (await ask("", { messages })).json()) as { content: { text: string }[] };
  expect(body.content[0]?.text).toBe("I heard: new\ncontext");
});

test("keeps every request with its headers and body", async () => {
  await ask("remember me", { system: [{ type: "text", text: "You are kind." }] });
  expect(fake.requests()).toMatchObject([
    {
      method: "POST",
      path: "/v1/messages",
      status: 200,
      headers: { "x-api-key": key },
      prompt: { system: "You are kind.", user: "remember me" },
    },
  ]);
});

test("fails on demand: overloaded, cut in the middle", async () => {
  fake.setReply(() => ({ text: "", error: "overloaded_error" }));
  expect((await ask("Hi")).status).toBe(529);
  fake.setReply(() => ({ text: "one two three four", cutAfter: 2 }));
  const cut = await ask("Hi", { stream: true });
  await expect(cut.text()).rejects.toThrow(/terminated/);
});

test("notices a client that goes away before the end", async () => {
  fake.setReply(() => ({ text: "word ".repeat(500), chunkMs: 20 }));
  const abort = new AbortController();
  const answer = await fetch(`${fake.url}/v1/messages`, {
    method: "POST",
    headers: headers(),
    body: JSON.stringify({ model: "m", max_tokens: 1, stream: true, messages: [{ role: "user", content: "Hi" }] }),
    signal: abort.signal,
  });
  await answer.body?.getReader().read();
  abort.abort();
  await expect.poll(() => fake.requests()[0]?.isClosedEarly).toBe(true);
});

test("refuses what is not a Messages request", async () => {
  const answer = await fetch(`${fake.url}/v1/messages`, { method: "POST", headers: headers(), body: "{}" });
  expect(answer.status).toBe(400);
});
