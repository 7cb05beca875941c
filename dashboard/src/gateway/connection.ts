import type { ConnectionDeps, ConnectionState, Socket } from "./connection-state.ts";
import { GatewayError } from "./gateway-error.ts";
import { helloSchema, parseFrame, toConnectParams, type Frame } from "./protocol.ts";
import { reconnectPauseMs } from "./reconnect-policy.ts";

/** From opening the socket to the gateway's hello. A gateway under load took several seconds. */
const HELLO_TIMEOUT_MS = 20_000;
/** Ticks come every 30 s; two and a half of them missing means the line is dead although nobody closed it. */
const MISSED_TICKS = 2.5;
/** The proxy's close code for a session that ended or needs a fresh token. */
const STALE_TOKEN_CLOSE = 4401;
const NEEDED_SCOPES = ["operator.read", "operator.write"];

interface Pending {
  resolve(payload: unknown): void;
  reject(error: GatewayError): void;
  timer: ReturnType<typeof setTimeout>;
}

export interface Connection {
  /** Says whether there is an agent to connect to; true connects at once. */
  setReachable(reachable: boolean): void;
  /** Tries now instead of at the end of the pause. */
  retryNow(): void;
  /** Sends a request. Rejects with GatewayError: the gateway's own, `timeout`, or `disconnected`. */
  request(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/** One WebSocket to the agent's gateway at a time: connects, keeps watch, reconnects; closed by `close`. */
export function makeConnection(deps: ConnectionDeps): Connection {
  const pending = new Map<string, Pending>();
  let socket: Socket | null = null;
  let online = false;
  let reachable = false;
  let closed = false;
  let attempt = 0;
  let nextId = 0;
  let tickMs = 30_000;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  function setState(state: ConnectionState): void {
    online = state.kind === "online";
    deps.onState(state);
  }

  function connect(): void {
    clearTimeout(retryTimer);
    if (closed || !reachable || socket !== null) return;
    setState({ kind: "connecting", attempt });
    const mine = deps.openSocket();
    socket = mine;
    watch(HELLO_TIMEOUT_MS);
    mine.addEventListener("message", ({ data }) => {
      if (socket === mine) receive(parseFrame(data));
    });
    mine.addEventListener("close", ({ code }) => {
      if (socket === mine) lose(code === STALE_TOKEN_CLOSE);
    });
  }

  function receive(frame: Frame | null): void {
    if (frame === null) return;
    if (online) watch(tickMs * MISSED_TICKS);
    if (frame.type === "event") {
      if (frame.event === "connect.challenge") void greet();
      else deps.onEvent(frame.event, frame.payload);
      return;
    }
    const waiting = pending.get(frame.id);
    if (waiting === undefined) return;
    pending.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.ok) waiting.resolve(frame.payload);
    else waiting.reject(toGatewayError(frame.error));
  }

  async function greet(): Promise<void> {
    try {
      const hello = helloSchema.parse(await send("connect", toConnectParams(deps.locale), HELLO_TIMEOUT_MS));
      const scopes = hello.auth?.scopes ?? [];
      if (!NEEDED_SCOPES.every((scope) => scopes.includes(scope) || scopes.includes("operator.admin"))) {
        return refuse("Your agent does not let this page read and write.");
      }
      tickMs = hello.policy?.tickIntervalMs ?? tickMs;
      attempt = 0;
      watch(tickMs * MISSED_TICKS);
      setState({ kind: "online" });
    } catch (error) {
      if (error instanceof GatewayError && error.code === "PROTOCOL_MISMATCH") {
        return refuse(
          "Your agent speaks another version of the protocol. Reload the page; restart the agent if that does not help.",
        );
      }
      // Still starting, or the line was cut: closing leads to the next try.
      drop();
    }
  }

  function send(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const line = socket;
    if (line === null) return Promise.reject(disconnected());
    nextId += 1;
    const id = `r${nextId}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new GatewayError("timeout", `${method} got no answer in ${timeoutMs} ms`, { retryable: true }));
      }, timeoutMs);
      pending.set(id, { resolve, reject, timer });
      line.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  function watch(limitMs: number): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(drop, limitMs);
  }

  /** Gives the socket up now; browsers may report the close of a dead line only minutes later. */
  function drop(): void {
    socket?.close();
    lose(false);
  }

  function forget(): void {
    socket = null;
    clearTimeout(watchdog);
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(disconnected());
    }
    pending.clear();
  }

  function lose(tokenIsStale: boolean): void {
    if (socket === null) return;
    const needsToken = tokenIsStale || !online;
    online = false;
    forget();
    if (closed) return;
    if (!reachable) return setState({ kind: "waiting" });
    const pauseMs = reconnectPauseMs(attempt, deps.random());
    attempt += 1;
    setState({ kind: "offline", retryAtMs: deps.now() + pauseMs, attempt });
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => void knock(needsToken), pauseMs);
  }

  /** A browser does not say why an upgrade failed: a stale session token is the reason that can be mended here. */
  async function knock(withFreshToken: boolean): Promise<void> {
    const signedIn = withFreshToken ? await deps.refreshSession().catch(() => true) : true;
    if (signedIn) connect();
  }

  function refuse(reason: string): void {
    closed = true;
    socket?.close();
    setState({ kind: "refused", reason });
    forget();
  }

  return {
    setReachable(next) {
      if (next === reachable) return;
      reachable = next;
      attempt = 0;
      if (next) return connect();
      clearTimeout(retryTimer);
      // A socket that still works is left to end by itself: a stop may have a last word.
      if (socket === null && !closed) setState({ kind: "waiting" });
    },
    retryNow() {
      if (socket !== null) return;
      attempt = 0;
      clearTimeout(retryTimer);
      if (reachable && !closed) void knock(true);
    },
    request(method, params, timeoutMs) {
      return online ? send(method, params, timeoutMs) : Promise.reject(disconnected());
    },
    close() {
      closed = true;
      clearTimeout(retryTimer);
      socket?.close();
      // Said before the waiting requests are rejected: whoever made them must not try again on a line that looks alive.
      setState({ kind: "waiting" });
      forget();
    },
  };
}

function disconnected(): GatewayError {
  return new GatewayError("disconnected", "the line to the agent is cut", { retryable: true });
}

function toGatewayError(error: Extract<Frame, { type: "res" }>["error"]): GatewayError {
  const retryAfterMs = error?.retryAfterMs ?? error?.details?.retryAfterMs;
  const retryable = error?.retryable ?? error?.code === "UNAVAILABLE";
  return new GatewayError(error?.code ?? "UNKNOWN", error?.message ?? "no reason given", { retryable, retryAfterMs });
}
