import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { WebSocket } from "ws";

interface Frame {
  type: string;
  id?: string;
  ok?: boolean;
  event?: string;
  payload?: Record<string, unknown>;
  error?: { code: string; message: string };
}

export interface ChatEvent {
  runId: string;
  state: string;
  deltaText?: string;
  message?: { content: { text: string }[] };
}

/** For tests: what the dashboard does, through agentd. */
export interface ChatClient {
  scopes: string[];
  events: ChatEvent[];
  request(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>>;
  send(message: string): Promise<string>;
  wait(runId: string, state: string): Promise<ChatEvent>;
  history(): Promise<{ role: string; text: string; runId: string | undefined }[]>;
  closed: Promise<number>;
  close(): void;
}

const SESSION = "agent:main:main";

/** Connects as a browser would; throws what the gateway or agentd answers instead. */
export async function connectChat(
  url: string,
  ingressKey: string,
  headers: Record<string, string> = {},
): Promise<ChatClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, {
    origin: "https://automna.test",
    headers: { [INTERNAL_HEADER]: ingressKey, ...headers },
  });
  const frames = new Map<string, { resolve(payload: Record<string, unknown>): void; reject(error: Error): void }>();
  const events: ChatEvent[] = [];
  const watchers = new Set<() => void>();
  const challenged = Promise.withResolvers<void>();
  socket.once("unexpected-response", (_request, answer) => challenged.reject(new Error(`HTTP ${answer.statusCode}`)));
  socket.once("error", (error) => challenged.reject(error));
  const closed = once(socket, "close").then(([code]) => {
    for (const waiting of frames.values()) waiting.reject(new Error(`closed with ${code}`));
    return Number(code);
  });
  socket.on("message", (data) => {
    const frame = JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "{}") as Frame;
    if (frame.event === "connect.challenge") return challenged.resolve();
    if (frame.event === "chat") {
      events.push(frame.payload as unknown as ChatEvent);
      for (const watcher of watchers) watcher();
    }
    const waiting = frames.get(frame.id ?? "");
    if (waiting === undefined) return;
    frames.delete(frame.id ?? "");
    if (frame.ok === true) waiting.resolve(frame.payload ?? {});
    else waiting.reject(new Error(`${frame.error?.code}: ${frame.error?.message}`));
  });
  await challenged.promise;
  const request = (method: string, params: Record<string, unknown>) => {
    const id = randomUUID();
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => frames.set(id, { resolve, reject }));
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return answer;
  };
  const hello = await request("connect", {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: "webchat-ui", version: "1.0.0", platform: "web", mode: "webchat" },
    role: "operator",
    scopes: ["operator.read", "operator.write", "operator.approvals", "operator.questions"],
    caps: ["tool-events"],
  });
  return {
    scopes: (hello["auth"] as { scopes: string[] }).scopes,
    events,
    request,
    closed,
    async send(message) {
      const runId = randomUUID();
      await request("chat.send", { sessionKey: SESSION, message, idempotencyKey: runId });
      return runId;
    },
    wait: (runId, state) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const event = events.find((one) => one.runId === runId && one.state === state);
          if (event === undefined) return;
          watchers.delete(look);
          resolve(event);
        };
        watchers.add(look);
        look();
        void closed.then((code) => reject(new Error(`closed with ${code} before ${state}`)));
      }),
    async history() {
      const { messages } = (await request("chat.history", { sessionKey: SESSION, limit: 200 })) as {
        messages: { role: string; content: string | { text: string }[]; __openclaw: { runId?: string } }[];
      };
      return messages.map(({ role, content, __openclaw }) => ({
        role,
        text: typeof content === "string" ? content : content.map((part) => part.text).join(""),
        runId: __openclaw.runId,
      }));
    },
    close: () => socket.terminate(),
  };
}
