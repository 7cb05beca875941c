interface TextBlock {
  type?: unknown;
  text?: unknown;
}

/** The parts of a Messages request that a reply may depend on. */
export interface Prompt {
  model: string;
  isStream: boolean;
  /** The system prompt as one text. */
  system: string;
  /** All user text after the last assistant turn: a gateway appends context as further user messages. */
  user: string;
  /** Every message of the request as `role: text`, in order. */
  turns: string[];
  /** Names of the tools on offer. */
  tools: string[];
}

/** Reads a Messages request; null = it is not one (no model, no limit, no messages). */
export function parsePrompt(body: unknown): Prompt | null {
  if (typeof body !== "object" || body === null) return null;
  const { model, max_tokens: maxTokens, messages, system, stream, tools } = body as Record<string, unknown>;
  if (typeof model !== "string" || !Number.isInteger(maxTokens) || !Array.isArray(messages) || messages.length === 0)
    return null;
  const turns = messages.map((message: { role?: unknown; content?: unknown }) => ({
    role: String(message.role),
    text: textOf(message.content),
  }));
  const lastAnswer = turns.findLastIndex((turn) => turn.role === "assistant");
  return {
    model,
    isStream: stream === true,
    system: textOf(system),
    user: turns
      .slice(lastAnswer + 1)
      .map((turn) => turn.text)
      .join("\n"),
    turns: turns.map((turn) => `${turn.role}: ${turn.text}`),
    tools: Array.isArray(tools) ? tools.map((tool: { name?: unknown }) => String(tool.name)) : [],
  };
}

/** `content` and `system` are a string or a list of blocks. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .filter((block: TextBlock) => block.type === "text" && typeof block.text === "string")
    .map((block: TextBlock) => block.text as string)
    .join("\n");
}
