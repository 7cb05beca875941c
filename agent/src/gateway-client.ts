import { WebSocket, type RawData } from "ws";
import { z } from "zod";
import { trustedHeaders } from "./header-rules.ts";

/** Where the running gateway is and how to be trusted by it. */
export interface GatewayAddress {
  port: number;
  gateHeader: string;
}

/** An error answer of the gateway. `retryable`: it only isn't ready yet. */
export class GatewayError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, retryable: boolean) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.retryable = retryable;
  }
}

export interface GatewayClient {
  request(method: string, params: Record<string, unknown>): Promise<unknown>;
  close(): void;
}

/** Protocol 4 of OpenClaw 2026.9; other versions are refused by either side. */
const PROTOCOL = 4;
const TIMEOUT_MS = 20_000;

const frameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: z.string(), payload: z.unknown() }),
  z.object({
    type: z.literal("res"),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown(),
    error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean().optional() }).optional(),
  }),
]);

interface Waiting {
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

export interface GatewayListener {
  onEvent: (event: string, payload: unknown) => void;
  /** The connection is over, whoever ended it. */
  onClose: () => void;
}

/** Connects to the gateway as the platform itself (operator.admin). Throws when it can't within 20 s. */
export async function connectGateway(address: GatewayAddress, listener?: GatewayListener): Promise<GatewayClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/`, {
    headers: trustedHeaders(address.gateHeader),
    handshakeTimeout: TIMEOUT_MS,
  });
  const waiting = new Map<string, Waiting>();
  let lastId = 0;
  const challenged = Promise.withResolvers<void>();
  const fail = (error: Error) => {
    challenged.reject(error);
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  socket.on("error", fail);
  socket.on("close", (code) => {
    fail(new GatewayError("CLOSED", `the gateway closed the connection (${code})`, code === 1013));
    listener?.onClose();
  });
  socket.on("message", (data) => {
    const frame = frameSchema.safeParse(parseFrame(data));
    if (!frame.success) return;
    if (frame.data.type === "event") {
      if (frame.data.event === "connect.challenge") challenged.resolve();
      listener?.onEvent(frame.data.event, frame.data.payload);
      return;
    }
    const { id, ok, payload, error } = frame.data;
    const one = waiting.get(id);
    waiting.delete(id);
    if (ok) one?.resolve(payload);
    else
      one?.reject(
        new GatewayError(
          error?.code ?? "UNKNOWN",
          error?.message ?? "no reason given",
          error?.retryable ?? error?.code === "UNAVAILABLE",
        ),
      );
  });
  const request = (method: string, params: Record<string, unknown>) => {
    const id = `r${(lastId += 1)}`;
    const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.send(JSON.stringify({ type: "req", id, method, params }));
    return inTime(answer, method);
  };
  try {
    await inTime(challenged.promise, "the challenge");
    await request("connect", {
      minProtocol: PROTOCOL,
      maxProtocol: PROTOCOL,
      client: { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend" },
      role: "operator",
      scopes: ["operator.admin"],
      caps: [],
    });
  } catch (error) {
    socket.terminate();
    throw error;
  }
  return { request, close: () => socket.terminate() };
}

/** Connects, lets `use` work, closes. */
export async function withGateway<Result>(
  address: GatewayAddress,
  use: (client: GatewayClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectGateway(address);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new GatewayError("TIMEOUT", `no answer to ${what} within ${TIMEOUT_MS} ms`, true)),
    TIMEOUT_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function parseFrame(data: RawData): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(data) ? data.toString("utf8") : "");
  } catch {
    // Not a frame of the protocol: nothing waits for it.
    return undefined;
  }
}
