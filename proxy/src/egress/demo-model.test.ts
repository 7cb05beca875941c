import { expect, test } from "vitest";
import { parseDemoPrompt } from "./demo-prompt.ts";
import { demoReply } from "./demo-replies.ts";

const context = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nsecret context\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";
const user = (content: unknown) => ({ role: "user", content });
const parse = (messages: unknown[], more: object = {}) =>
  parseDemoPrompt({ model: "m", max_tokens: 8_192, tools: [{}], messages, ...more });

test.each<[string, unknown[]]>([
  ["plain text", [user("What is up?")]],
  [
    "blocks",
    [
      user([
        { type: "text", text: "What is up?" },
        { type: "image", source: {} },
      ]),
    ],
  ],
  [
    "a context message after it",
    [user("What is up?"), user("OpenClaw runtime context for the active user request in this turn. x")],
  ],
  ["a context block in it", [user(`What is up?\n\n${context}`)]],
  [
    "a context block beside it",
    [
      user([
        { type: "text", text: context },
        { type: "text", text: "What is up?" },
      ]),
    ],
  ],
  ["an event after it", [user("What is up?"), user("OpenClaw runtime event.\nx")]],
  ["a time before it", [user("[Sun 2026-11-22 18:30 UTC] What is up?")]],
  [
    "what OpenClaw knows of it",
    [
      user(
        '[Sun 2026-11-22 18:51 UTC] Conversation info: ⟦openclaw:ctx⟧\n```json\n{"sender":{"name":"owner"}}\n```\n\nWhat is up?',
      ),
    ],
  ],
  [
    "a tool's result after it",
    [
      user("What is up?"),
      { role: "assistant", content: "x" },
      user([{ type: "tool_result", tool_use_id: "t", content: "r" }]),
    ],
  ],
])("finds what the person wrote: %s", (_what, messages) => {
  expect(parse(messages)?.userText).toBe("What is up?");
});

test.each([
  [null],
  ["x"],
  [{}],
  [{ model: "m", messages: [] }],
  [{ model: 1, messages: [user("x")] }],
  [{ model: "m", messages: ["x"] }],
])("is not a Messages request: %j", (body) => {
  expect(parseDemoPrompt(body)).toBeNull();
});

const reply = (...messages: unknown[]) => {
  const prompt = parse(messages);
  return prompt === null ? null : demoReply(prompt);
};

test("says what it is in every answer, and answers the same twice", () => {
  for (const text of ["hello", "help", "some markdown please", "write code", "a long story", "xyz", ""]) {
    expect(reply(user(text))).toMatch(/^Demo model: /);
    expect(reply(user(text))).toBe(reply(user(text)));
  }
});

test.each([
  ["write a function", "```ts"],
  ["show me a table", "| phase |"],
  ["What can you do?", "private agent"],
  ["hi there", "hello!"],
  ["the blue door", "the blue door"],
])("%s is answered with %s", (text, part) => {
  expect(reply(user(text))).toContain(part);
});

test("remembers what was said before, so that a conversation is one", () => {
  expect(reply(user("the blue door"), { role: "assistant", content: "ok" }, user("what did I say before?"))).toContain(
    "the blue door",
  );
});

test("the gateway's own recap gets one short line", () => {
  for (const text of [
    "Summarise: a very long conversation ".repeat(20),
    '{"previousRecap":"","messages":["user: hello","assistant: x"],"omittedContent":false}',
  ]) {
    const prompt = parse([user(text)], { max_tokens: 240, tools: undefined });
    expect(prompt?.isUtility).toBe(true);
    const line = prompt === null ? "" : demoReply(prompt);
    expect(line.length).toBeLessThan(100);
    expect(line).toContain(text.startsWith("{") ? "“hello”" : "Summarise");
  }
});
