import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer, type WebSocket } from "ws";
import { answerAgentFiles } from "./stand-in-gateway-files.ts";

/**
 * A program that stands in for OpenClaw 2026.9 where its 15 CPU-seconds of boot are not the point: it reads the same
 * openclaw.json and environment, checks trusted-proxy access as OpenClaw does, speaks protocol 4, keeps its history on
 * disk and answers a chat through the configured model provider. Start: `node stand-in-gateway.ts`.
 *
 * Message `CRASH` ends it with exit code 3; a file `stand-in.json` beside its configuration changes how it behaves.
 */
interface StandInConfig {
  gateway: {
    port: number;
    auth: {
      identityScopes: Record<string, string[]>;
      trustedProxy: { userHeader: string; requiredHeaders: string[]; allowUsers: string[] };
    };
    controlUi: { allowedOrigins: string[] };
  };
  models: { providers: { anthropic: { baseUrl: string; apiKey: string } } };
  agents: { defaults: { model: { primary: string } } };
}

/** What `stand-in.json` may say. */
export interface StandInBehaviour {
  /** Time from listening to started. */
  bootMs?: number;
  ignoresSigterm?: boolean;
  /** Ends at once with this code. */
  exitCode?: number;
}

interface Row {
  role: "user" | "assistant";
  content: unknown;
  timestamp: number;
  idempotencyKey?: string;
  __openclaw: { id: string; seq: number; runId?: string };
}

interface Run {
  text: string;
  connection: string;
  abort: AbortController;
}

interface Connection {
  id: string;
  socket: WebSocket;
  scopes: string[];
}

const SESSION = "agent:main:main";
const stateDir = process.env["OPENCLAW_STATE_DIR"] ?? process.cwd();
const configPath = process.env["OPENCLAW_CONFIG_PATH"] ?? join(stateDir, "openclaw.json");
const config = JSON.parse(readFileSync(configPath, "utf8")) as StandInConfig;
const behaviour = readBehaviour(join(dirname(configPath), "stand-in.json"));
const historyPath = join(stateDir, "stand-in-history.jsonl");
mkdirSync(join(stateDir, "workspace"), { recursive: true });

const rows: Row[] = existsSync(historyPath)
  ? readFileSync(historyPath, "utf8")
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row)
  : [];
const connections = new Set<Connection>();
const runs = new Map<string, Run>();
let isStarted = false;

class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const server = createServer((request, response) => {
  const path = (request.url ?? "/").split("?")[0];
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json", "set-cookie": "gateway=1" });
    response.end(JSON.stringify(body));
  };
  if (path === "/healthz") return answer(200, { ok: true, status: "live" });
  const trust = trustOf(request);
  if (trust === null) return answer(403, { error: "proxy_attribution_required" });
  if (path === "/startupz") return answer(isStarted ? 200 : 503, { ok: isStarted });
  if (path === "/echo") return answer(200, { url: request.url, method: request.method, headers: request.headers });
  answer(404, { error: "not_found" });
});

/** Scopes of a request from the trusted proxy, or null: header names are checked for presence, as OpenClaw does. */
function trustOf({ headers }: IncomingMessage): string[] | null {
  const { trustedProxy, identityScopes } = config.gateway.auth;
  const user = headers[trustedProxy.userHeader];
  const isAttributed =
    headers["x-forwarded-for"] !== undefined &&
    trustedProxy.requiredHeaders.every((name) => headers[name] !== undefined);
  if (!isAttributed || typeof user !== "string" || !trustedProxy.allowUsers.includes(user)) return null;
  const granted = identityScopes[user] ?? [];
  const cap = headers["x-openclaw-scopes"];
  return typeof cap === "string" ? granted.filter((scope) => cap.split(",").includes(scope)) : granted;
}

const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const scopes = trustOf(request);
  if (scopes === null)
    return void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  sockets.handleUpgrade(request, socket, head, (webSocket) =>
    accept({ id: randomUUID(), socket: webSocket, scopes }, request),
  );
});

function accept(connection: Connection, request: IncomingMessage): void {
  const { socket } = connection;
  socket.send(
    JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: randomUUID(), ts: Date.now() } }),
  );
  socket.on("close", () => connections.delete(connection));
  socket.on("message", (data) => {
    const frame = JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "{}") as {
      id: string;
      method: string;
      params?: Record<string, unknown>;
    };
    const respond = (body: object) => socket.send(JSON.stringify({ type: "res", id: frame.id, ...body }));
    try {
      respond({ ok: true, payload: call(connection, frame.method, frame.params ?? {}, request) });
    } catch (error) {
      respond({
        ok: false,
        error: { code: error instanceof Refusal ? error.code : "INTERNAL", message: (error as Error).message },
      });
    }
  });
}

function call(
  connection: Connection,
  method: string,
  params: Record<string, unknown>,
  request: IncomingMessage,
): unknown {
  if (method === "connect") return connect(connection, params, request);
  if (!connections.has(connection)) throw new Refusal("INVALID_REQUEST", "connect first");
  const needs =
    method === "agents.files.set" || method === "agents.files.get"
      ? "operator.admin"
      : method === "chat.send" || method === "chat.abort"
        ? "operator.write"
        : "operator.read";
  if (!connection.scopes.includes(needs) && !connection.scopes.includes("operator.admin"))
    throw new Refusal("FORBIDDEN", `missing scope: ${needs}`);
  switch (method) {
    case "health":
      return { ok: true };
    case "agents.list":
      return { defaultId: "main", agents: [{ id: "main", model: config.agents.defaults.model }] };
    case "agents.files.get":
    case "agents.files.set":
      return answerAgentFiles(join(stateDir, "workspace"), method, params);
    case "chat.history":
      return history();
    case "chat.send":
      return send(connection, String(params["message"]), String(params["idempotencyKey"]));
    case "chat.abort":
      return abort(connection, params["runId"]);
    default:
      throw new Refusal("INVALID_REQUEST", `unknown method ${method}`);
  }
}

function connect(connection: Connection, params: Record<string, unknown>, request: IncomingMessage): unknown {
  if (params["minProtocol"] !== 4) throw new Refusal("PROTOCOL_MISMATCH", "protocol 4 only");
  const client = params["client"] as { id: string };
  const needsOrigin = client.id === "webchat-ui" || client.id === "openclaw-control-ui";
  if (needsOrigin && !config.gateway.controlUi.allowedOrigins.includes(request.headers.origin ?? ""))
    throw new Refusal("CONTROL_UI_ORIGIN_NOT_ALLOWED", "origin not allowed");
  connections.add(connection);
  const methods = ["chat.send", "chat.history", "chat.abort", "agents.list"];
  return {
    type: "hello-ok",
    protocol: 4,
    server: { version: "2026.9.6", connId: connection.id },
    features: { methods, events: ["chat", "tick"] },
    snapshot: { sessionDefaults: { mainSessionKey: SESSION } },
    auth: { method: "trusted-proxy", role: "operator", scopes: connection.scopes },
    policy: { tickIntervalMs: 30_000, maxPayload: 26_214_400 },
  };
}

function history(): unknown {
  const [running] = runs;
  const inFlight = running === undefined ? {} : { inFlightRun: { runId: running[0], text: running[1].text } };
  return {
    sessionKey: SESSION,
    messages: rows,
    hasMore: false,
    totalMessages: rows.length,
    pendingInputs: { items: [], total: 0 },
    sessionInfo: { hasActiveRun: runs.size > 0 },
    ...inFlight,
  };
}

function send(connection: Connection, message: string, runId: string): unknown {
  if (runs.has(runId)) return { runId, status: "in_flight" };
  if (rows.some((row) => row.idempotencyKey === `${runId}:user`)) return { runId, status: "ok" };
  if (message === "CRASH") process.exit(3);
  keep({
    role: "user",
    content: message,
    timestamp: Date.now(),
    idempotencyKey: `${runId}:user`,
    __openclaw: { id: randomUUID(), seq: rows.length + 1 },
  });
  const run: Run = { text: "", connection: connection.id, abort: new AbortController() };
  runs.set(runId, run);
  void answerChat(runId, run);
  return { runId, status: "started" };
}

function abort(connection: Connection, runId: unknown): unknown {
  const wanted = [...runs].filter(([id]) => runId === undefined || id === runId);
  const isAdmin = connection.scopes.includes("operator.admin");
  if (wanted.some(([, run]) => run.connection !== connection.id && !isAdmin))
    throw new Refusal("INVALID_REQUEST", "unauthorized");
  for (const [, run] of wanted) run.abort.abort();
  return { ok: true, aborted: wanted.length > 0, runIds: wanted.map(([id]) => id) };
}

async function answerChat(runId: string, run: Run): Promise<void> {
  emit(runId, { state: "status", phase: "starting_model" });
  try {
    for await (const delta of streamModel(run.abort.signal)) {
      run.text += delta;
      emit(runId, { state: "delta", deltaText: delta, message: assistantMessage(run.text) });
    }
    settle(runId, run, { state: "final", stopReason: "stop" });
  } catch (error) {
    if (run.abort.signal.aborted) return settle(runId, run, { state: "aborted", stopReason: "rpc" });
    runs.delete(runId);
    emit(runId, { state: "error", errorMessage: (error as Error).message });
  }
}

/** The row is on disk before the event goes out, as in OpenClaw: who saw `final` finds it again after a crash. */
function settle(runId: string, run: Run, event: { state: string; stopReason: string }): void {
  keep({
    role: "assistant",
    content: assistantMessage(run.text).content,
    timestamp: Date.now(),
    __openclaw: { id: randomUUID(), seq: rows.length + 1, runId },
  });
  runs.delete(runId);
  emit(runId, { ...event, message: assistantMessage(run.text) });
}

async function* streamModel(signal: AbortSignal): AsyncGenerator<string> {
  const { baseUrl, apiKey } = config.models.providers.anthropic;
  const messages = rows.map(({ role, content }) => ({ role, content }));
  const answer = await fetch(`${baseUrl}/v1/messages`, {
    method: "POST",
    signal,
    headers: { "content-type": "application/json", "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
    body: JSON.stringify({
      model: config.agents.defaults.model.primary.split("/")[1],
      max_tokens: 1_024,
      stream: true,
      system: "You are a stand-in for OpenClaw.",
      messages,
    }),
  });
  if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status} ${await answer.text()}`);
  let rest = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ")) continue;
      const event = JSON.parse(line.slice(6)) as { type: string; delta?: { text?: string } };
      if (event.type === "content_block_delta" && event.delta?.text !== undefined) yield event.delta.text;
    }
  }
}

function emit(runId: string, payload: Record<string, unknown>): void {
  const frame = JSON.stringify({
    type: "event",
    event: "chat",
    payload: { runId, sessionKey: SESSION, agentId: "main", ...payload },
  });
  for (const { socket } of connections) socket.send(frame);
}

function keep(row: Row): void {
  rows.push(row);
  appendFileSync(historyPath, `${JSON.stringify(row)}\n`);
}

function assistantMessage(text: string): {
  role: "assistant";
  content: { type: "text"; text: string }[];
  timestamp: number;
} {
  return { role: "assistant", content: [{ type: "text", text }], timestamp: Date.now() };
}

function readBehaviour(path: string): StandInBehaviour {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as StandInBehaviour) : {};
}

writeFileSync(join(stateDir, "stand-in-env.json"), JSON.stringify(process.env));
if (behaviour.exitCode !== undefined) process.exit(behaviour.exitCode);
process.on("SIGTERM", () => {
  if (behaviour.ignoresSigterm !== true) process.exit(0);
});
server.listen(config.gateway.port, "127.0.0.1");
await sleep(behaviour.bootMs ?? 50);
isStarted = true;
