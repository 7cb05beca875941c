import { randomUUID } from "node:crypto";
import { agentSocketPath } from "@automna/contract/paths";
import { WebSocket } from "ws";

/** Protocol 4 of OpenClaw's gateway, as the dashboard speaks it through `/a/<userId>/ws`. */
const PROTOCOL = 4;
const SCOPES = ["operator.read", "operator.write", "operator.approvals", "operator.questions"];
export const MAIN_SESSION = "agent:main:main";

export interface GatewayEvent {
  event: string;
  payload: Record<string, unknown>;
}

/** How a run ended, as this socket saw it. */
export interface RunEnd {
  state: "final" | "aborted" | "error";
  text: string;
  errorMessage: string | null;
}

export interface HistoryRow {
  role: string;
  text: string;
  /** The run that the row belongs to, where the gateway says so. */
  runId: string | null;
}

export interface GatewayClient {
  hello: Record<string, unknown>;
  request: (method: string, params?: object) => Promise<Record<string, unknown>>;
  /** Starts a run, or joins the one that the same id started. */
  send: (
    message: string,
    runId?: string,
  ) => Promise<{ runId: string; end: Promise<RunEnd>; firstDelta: Promise<void> }>;
  history: () => Promise<HistoryRow[]>;
  /** True while no run is under way: what is sent during one is added to it, and gets no answer of its own. */
  isIdle: () => Promise<boolean>;
  isOpen: () => boolean;
  /** Resolves when the socket is gone. */
  closed: Promise<{ code: number; reason: string }>;
  close: () => void;
}

export interface GatewayTarget {
  origin: string;
  userId: string;
  /** Cookie header of the session. */
  cookies: string;
  timeoutMs?: number;
}

interface Frame {
  type: string;
  id?: string;
  ok?: boolean;
  event?: string;
  payload?: Record<string, unknown>;
  error?: { code?: string; message?: string };
}

/** Opens the socket and says hello. Rejects with the status of a refused upgrade, or the gateway's own refusal. */
export async function connectGateway({
  origin,
  userId,
  cookies,
  timeoutMs = 15_000,
}: GatewayTarget): Promise<GatewayClient> {
  const url = origin.replace(/^http/, "ws") + agentSocketPath(userId);
  const socket = new WebSocket(url, { origin, headers: { cookie: cookies }, handshakeTimeout: timeoutMs });
  const waiting = new Map<
    string,
    { resolve: (payload: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  const listeners = new Set<(event: GatewayEvent) => void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const challenged = Promise.withResolvers<void>();
  let requests = 0;

  const fail = (error: Error) => {
    challenged.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  socket.on("unexpected-response", (_request, response) => {
    response.resume();
    fail(new Error(`the upgrade was refused with ${response.statusCode}`));
    socket.terminate();
  });
  socket.on("error", fail);
  socket.on("close", (code, reason) => {
    fail(new Error(`the socket closed with ${code} ${reason.toString()}`));
    closed.resolve({ code, reason: reason.toString() });
  });
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString("utf8")) as Frame;
    if (frame.type === "event" && frame.event === "connect.challenge") challenged.resolve();
    if (frame.type === "event" && frame.event !== undefined)
      for (const listen of listeners) listen({ event: frame.event, payload: frame.payload ?? {} });
    if (frame.type !== "res" || frame.id === undefined) return;
    const caller = waiting.get(frame.id);
    waiting.delete(frame.id);
    if (frame.ok === true) caller?.resolve(frame.payload ?? {});
    else caller?.reject(new Error(`${frame.error?.code ?? "error"}: ${frame.error?.message ?? "no message"}`));
  });

  const request = (method: string, params: object = {}) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return reject(new Error("the socket is not open"));
      const id = `r${++requests}`;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });

  const tooLate = setTimeout(() => socket.terminate(), timeoutMs);
  // Refused upgrades end both promises; only the first is looked at.
  closed.promise.catch(() => undefined);
  try {
    await challenged.promise;
    const hello = await request("connect", {
      minProtocol: PROTOCOL,
      maxProtocol: PROTOCOL,
      client: { id: "webchat-ui", version: "1.0.0", platform: "web", mode: "webchat" },
      role: "operator",
      scopes: SCOPES,
      caps: ["tool-events"],
      locale: "en-US",
      userAgent: "automna-testkit/1.0",
    });
    return makeGatewayClient({ socket, hello, request, listeners, closed: closed.promise });
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    clearTimeout(tooLate);
  }
}

function makeGatewayClient({
  socket,
  hello,
  request,
  listeners,
  closed,
}: Pick<GatewayClient, "hello" | "request" | "closed"> & {
  socket: WebSocket;
  listeners: Set<(event: GatewayEvent) => void>;
}): GatewayClient {
  return {
    hello,
    request,
    closed,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: () => socket.close(),
    async send(message, runId = randomUUID()) {
      const end = Promise.withResolvers<RunEnd>();
      const first = Promise.withResolvers<void>();
      end.promise.catch(() => undefined);
      first.promise.catch(() => undefined);
      const listen = ({ event, payload }: GatewayEvent) => {
        if (event !== "chat" || payload["runId"] !== runId) return;
        const { state } = payload;
        if (state === "delta") first.resolve();
        if (state !== "final" && state !== "aborted" && state !== "error") return;
        listeners.delete(listen);
        first.resolve();
        const { errorMessage } = payload;
        end.resolve({
          state,
          text: textOf(payload["message"]),
          errorMessage: typeof errorMessage === "string" ? errorMessage : null,
        });
      };
      listeners.add(listen);
      const breakOff = async () => {
        const { code } = await closed;
        const gone = new Error(`the socket closed with ${code} before the run ended`);
        end.reject(gone);
        first.reject(gone);
      };
      void breakOff();
      await request("chat.send", { sessionKey: MAIN_SESSION, message, idempotencyKey: runId });
      return { runId, end: end.promise, firstDelta: first.promise };
    },
    async isIdle() {
      const { sessionInfo, inFlightRun } = await request("chat.history", { sessionKey: MAIN_SESSION, limit: 1 });
      const info = sessionInfo as { hasActiveRun?: boolean } | undefined;
      return inFlightRun === undefined && info?.hasActiveRun !== true;
    },
    async history() {
      const { messages } = await request("chat.history", { sessionKey: MAIN_SESSION, limit: 200 });
      return (Array.isArray(messages) ? messages : []).map(toRow);
    },
  };
}

function toRow(message: Record<string, unknown>): HistoryRow {
  const own = message["__openclaw"] as { runId?: unknown } | undefined;
  const idempotencyKey = message["idempotencyKey"];
  const fromKey = typeof idempotencyKey === "string" ? idempotencyKey.replace(/:user$/, "") : null;
  return {
    role: String(message["role"]),
    text: textOf(message),
    runId: typeof own?.runId === "string" ? own.runId : fromKey,
  };
}

/** `content` of a message is a text or a list of blocks. */
function textOf(message: unknown): string {
  const content = typeof message === "object" && message !== null && "content" in message ? message.content : "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block: { text?: unknown }) => (typeof block.text === "string" ? block.text : "")).join("");
}
