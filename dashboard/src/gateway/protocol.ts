import { z } from "zod";

/** OpenClaw's gateway protocol, version 4 (openclaw 2026.9.6): only the frames and fields that the chat uses. */
export const PROTOCOL_VERSION = 4;

/** The session key behind the channel "General"; the gateway calls it `agent:main:main` in its own frames. */
export const MAIN_SESSION_KEY = "main";

/** What the proxy lets a browser do (design D8); asking for more is refused. */
const SCOPES = ["operator.read", "operator.write", "operator.approvals", "operator.questions"] as const;

/** First request on a socket. Neither `auth` nor `device`: the proxy is trusted, and an unpaired device is refused. */
export function toConnectParams(locale: string): Record<string, unknown> {
  return {
    minProtocol: PROTOCOL_VERSION,
    maxProtocol: PROTOCOL_VERSION,
    client: { id: "webchat-ui", version: "1.0.0", platform: "web", mode: "webchat" },
    role: "operator",
    scopes: SCOPES,
    // Without it the gateway keeps tool calls to itself.
    caps: ["tool-events"],
    locale,
    userAgent: "automna-dashboard",
  };
}

const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean().optional(),
  retryAfterMs: z.number().optional(),
  details: z.looseObject({ reason: z.string().optional(), retryAfterMs: z.number().optional() }).optional(),
});

const frameSchema = z.union([
  z.object({ type: z.literal("event"), event: z.string(), payload: z.unknown().optional() }),
  z.object({
    type: z.literal("res"),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: errorSchema.optional(),
  }),
]);
export type Frame = z.infer<typeof frameSchema>;

/** A frame of the gateway, or null for anything else. */
export function parseFrame(data: unknown): Frame | null {
  if (typeof data !== "string") return null;
  try {
    return frameSchema.safeParse(JSON.parse(data)).data ?? null;
  } catch {
    return null;
  }
}

export const helloSchema = z.object({
  type: z.literal("hello-ok"),
  auth: z.object({ scopes: z.array(z.string()) }).optional(),
  policy: z.object({ tickIntervalMs: z.number().default(30_000) }).optional(),
});

const textBlock = z.looseObject({ type: z.string(), text: z.string().optional() });
const contentSchema = z.union([z.string(), z.array(textBlock)]);
export type Content = z.infer<typeof contentSchema>;
const messageSchema = z.object({ content: contentSchema.optional(), timestamp: z.number().optional() });

const errorDetailSchema = z.object({
  failoverReason: z.string().optional(),
  providerErrorType: z.string().optional(),
  httpStatus: z.number().optional(),
});

export const chatEventSchema = z.object({
  runId: z.string(),
  sessionKey: z.string(),
  state: z.enum(["status", "delta", "final", "aborted", "error"]),
  phase: z.string().optional(),
  deltaText: z.string().optional(),
  /** Cumulative in a delta, complete in a final, partial in an aborted. */
  message: messageSchema.optional(),
  errorMessage: z.string().optional(),
  errorDetail: errorDetailSchema.optional(),
});
export type ChatEvent = z.infer<typeof chatEventSchema>;

export const toolEventSchema = z.object({
  runId: z.string(),
  sessionKey: z.string().optional(),
  stream: z.literal("tool"),
  data: z.object({
    phase: z.string(),
    name: z.string(),
    toolCallId: z.string(),
    args: z.unknown().optional(),
    result: z.unknown().optional(),
    isError: z.boolean().optional(),
  }),
});
export type ToolEvent = z.infer<typeof toolEventSchema>;

const rowSchema = z.looseObject({
  role: z.string(),
  content: contentSchema.optional(),
  timestamp: z.number().optional(),
  idempotencyKey: z.string().optional(),
  stopReason: z.string().optional(),
  errorType: z.string().optional(),
  toolCallId: z.string().optional(),
  toolName: z.string().optional(),
  isError: z.boolean().optional(),
  /** Only rows that no person wrote have one. */
  provenance: z.looseObject({ kind: z.string().optional() }).optional(),
  openclawAbort: z.looseObject({ aborted: z.boolean().optional(), runId: z.string().optional() }).optional(),
  __openclaw: z.looseObject({ id: z.string().optional(), runId: z.string().optional() }).optional(),
});
export type HistoryRow = z.infer<typeof rowSchema>;

export const historySchema = z.object({
  sessionKey: z.string().optional(),
  messages: z.array(z.unknown()).transform((rows) => rows.flatMap((row) => rowSchema.safeParse(row).data ?? [])),
  pendingInputs: z.looseObject({ items: z.array(z.unknown()) }).optional(),
  sessionInfo: z
    .looseObject({ hasActiveRun: z.boolean().optional(), activeRunIds: z.array(z.string()).optional() })
    .optional(),
  inFlightRun: z.looseObject({ runId: z.string(), text: z.string().default("") }).nullish(),
});
export type HistoryAnswer = z.output<typeof historySchema>;

export const sendAnswerSchema = z.object({ runId: z.string(), status: z.string() });

/** The readable text of a message: its text blocks, apart by an empty line. */
export function toText(content: Content | undefined): string {
  if (content === undefined) return "";
  if (typeof content === "string") return content;
  const texts = content.flatMap((block) => (block.type === "text" && block.text ? [block.text] : []));
  return texts.join("\n\n");
}

/** True for frames of the one session that the chat shows. */
export function isMainSession(sessionKey: string | undefined): boolean {
  return sessionKey === undefined || sessionKey === MAIN_SESSION_KEY || sessionKey === `agent:main:${MAIN_SESSION_KEY}`;
}
