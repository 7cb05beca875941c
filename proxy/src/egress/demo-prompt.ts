import { z } from "zod";

const blockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const contentSchema = z.union([z.string(), z.array(blockSchema)]);
const messagesRequestSchema = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().int().positive().optional(),
  stream: z.boolean().optional(),
  system: contentSchema.optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })).min(1),
  tools: z.array(z.unknown()).optional(),
});

/** What the demo model reads of a Messages request. */
export interface DemoPrompt {
  model: string;
  isStream: boolean;
  /** What the person wrote last. */
  userText: string;
  /** What they wrote before that; null in the first turn. */
  earlierText: string | null;
  /** A recap or title that the gateway wants for itself, beside the conversation. */
  isUtility: boolean;
  inputTokens: number;
}

/** OpenClaw 2026.9.6 marks what it adds for the model (seen on the wire); a person never wrote that. */
const CONTEXT_BLOCK = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g;
const CONTEXT_MESSAGE = /^\s*OpenClaw runtime (?:context|event)\b/;
/** What OpenClaw knows of a message, in front of it: a line with this mark, then JSON in a fence. */
const CONTEXT_PREFACE = /^[^\n]*⟦openclaw:ctx⟧[^\n]*\n(?:```json\n[\s\S]*?\n```\s*)?/gm;
/** `[Sun 2026-11-22 18:30 UTC] `: the time that OpenClaw puts in front of a message. */
const TIMESTAMP = /^\s*\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b[^\]\n]{0,60}\]\s*/;
/** The gateway's own small questions offer no tools and allow few tokens; a conversation does neither. */
const UTILITY_MAX_TOKENS = 512;
/** A usual rule of thumb for English text. */
const CHARACTERS_PER_TOKEN = 4;

/** Reads a Messages request; null = it is not one. */
export function parseDemoPrompt(body: unknown): DemoPrompt | null {
  const parsed = messagesRequestSchema.safeParse(body);
  if (!parsed.success) return null;
  const { model, max_tokens: maxTokens, stream, messages, system, tools } = parsed.data;
  const written = messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => personsText(content))
    .filter((text) => text !== "");
  const size = JSON.stringify([system ?? "", messages, tools ?? []]).length;
  return {
    model,
    isStream: stream === true,
    userText: written.at(-1) ?? "",
    earlierText: written.at(-2) ?? null,
    isUtility: (tools ?? []).length === 0 && maxTokens !== undefined && maxTokens <= UTILITY_MAX_TOKENS,
    inputTokens: toTokens(size),
  };
}

export function toTokens(characters: number): number {
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN));
}

function personsText(content: z.infer<typeof contentSchema>): string {
  const parts =
    typeof content === "string"
      ? [content]
      : content.filter(({ type }) => type === "text").map(({ text }) => text ?? "");
  return parts
    .map((part) => part.replaceAll(CONTEXT_BLOCK, ""))
    .filter((part) => !CONTEXT_MESSAGE.test(part))
    .map((part) => part.replaceAll(CONTEXT_PREFACE, "").replace(TIMESTAMP, "").trim())
    .join("\n")
    .trim();
}
