import { z } from "zod";
import type { DemoPrompt } from "./demo-prompt.ts";

/** Every reply begins with this: nobody should take the demo for a model. */
export const DEMO_LABEL = "Demo model:";

const ABOUT = `I'm a small scripted stand-in, so that you can try Automna without an API key. This answer came all the way through your own agent: browser, proxy, agent, OpenClaw and back.

What Automna gives you:

- **A private agent of your own**, running on your machines and always on
- **Your key stays sealed**: it is never inside the agent
- **History and files that stay** when the agent restarts

To talk to a real model, open *Settings* and add your Anthropic API key: from then on your agent answers with it. If it is stored there already, choose it under *Answers come from*.`;

const MARKDOWN = `here is some Markdown.

## A heading

1. A numbered list with **bold**, *italics* and \`inline code\`
2. A [link](https://commonmark.org)

> A quotation, to see that it looks like one.

| phase | what it means |
|---|---|
| starting | the agent boots |
| ready | it answers |`;

const CODE = `here is a small function.

\`\`\`ts
/** The n-th Fibonacci number. */
export function fibonacci(n: number): number {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i += 1) [a, b] = [b, a + b];
  return a;
}
\`\`\`

Copy it with the button in its corner.`;

const LONG = Array.from(
  { length: 24 },
  (_, index) => `${index + 1}. This is line ${index + 1} of a long answer, so that there is something to stop.`,
).join("\n");

interface Reply {
  asksFor: RegExp;
  text: (prompt: DemoPrompt) => string;
}

/** The first that fits answers. */
const replies: readonly Reply[] = [
  { asksFor: /\b(?:code|function|typescript|javascript|python|program)\b/i, text: () => CODE },
  { asksFor: /\b(?:markdown|table|list|format)\b/i, text: () => MARKDOWN },
  { asksFor: /\b(?:long|story|essay|count)\b/i, text: () => `here is a long answer.\n\n${LONG}` },
  { asksFor: /\b(?:before|earlier|previous|remember|last message|did i (?:say|write))\b/i, text: recall },
  { asksFor: /\b(?:help|automna|what (?:can|do|are) you|who are you|demo|how does)\b/i, text: () => ABOUT },
  { asksFor: /^\W*(?:hi|hello|hey|hallo|good (?:morning|evening|day))\b/i, text: greet },
];

/** The demo model's answer: the same for the same prompt. */
export function demoReply(prompt: DemoPrompt): string {
  if (prompt.isUtility) return `${DEMO_LABEL} ${recap(prompt)}`;
  if (prompt.userText === "")
    return `${DEMO_LABEL} I'm ready. Ask me for *help*, some *markdown* or a piece of *code*.`;
  const reply = replies.find(({ asksFor }) => asksFor.test(prompt.userText));
  return `${DEMO_LABEL} ${(reply?.text ?? echo)(prompt)}`;
}

const recapSchema = z.object({ messages: z.array(z.string()) });

/** OpenClaw asks for its recap with the conversation as JSON: `{"messages":["user: …","assistant: …"]}`. */
function recap({ userText }: DemoPrompt): string {
  const asked = recapSchema.safeParse(parseJson(userText));
  const last = asked.success ? asked.data.messages.findLast((message) => message.startsWith("user: ")) : undefined;
  const text = last === undefined ? userText : last.slice("user: ".length);
  return `“${shorten(text, 60)}” was answered.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function greet(): string {
  return "hello! Your agent works: this came through OpenClaw. Ask me for *help*, some *markdown*, a piece of *code* or a *long* answer.";
}

function recall({ earlierText }: DemoPrompt): string {
  return earlierText === null
    ? "this is your first message in this conversation."
    : `before that you wrote: “${shorten(earlierText, 500)}”`;
}

function echo({ userText }: DemoPrompt): string {
  return `you wrote: “${shorten(userText, 1_000)}”\n\nA real model would now answer that. I only know a few things: ask me for *help*, *markdown*, *code* or a *long* answer.`;
}

function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
