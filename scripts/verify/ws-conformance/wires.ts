import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { agentSocketPath } from "@automna/contract/paths";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "../../../proxy/test/ingress-harness.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { acceptUpgrade, startRawBackend, type RawBackend } from "../steps/raw-backend.ts";

/** One end of a socket through the real ingress, after the handshake. */
export interface Wire {
  socket: Socket;
  /** All that has arrived here. */
  received: () => Buffer;
  /** Resolves with all that has arrived when it is `length` bytes, when the other side has ended, or after `timeoutMs`. */
  receive: (length: number, timeoutMs?: number) => Promise<Buffer>;
  hasEnded: () => boolean;
}

export interface WirePair {
  client: Wire;
  backend: Wire;
  cut: () => void;
}

export interface WireOptions {
  isDeflate?: boolean;
  /** Sent by each side in one segment with its half of the handshake. */
  first?: { client: Buffer; backend: Buffer };
  sessionId?: string;
}

export interface WireLab {
  ingress: IngressHarness;
  customer: TestCustomer;
  backend: RawBackend;
  /** A new socket. */
  open: (options?: WireOptions) => Promise<WirePair>;
}

const RECEIVE_TIMEOUT_MS = 20_000;
const EXTENSION = "permessage-deflate; client_max_window_bits=15";

/** The real ingress with `count` customers, whose agents are raw sockets. */
export async function makeWireLabs(ctx: ScenarioContext, count: number, heartbeatMs: number): Promise<WireLab[]> {
  const ingress = await startIngress(undefined, { heartbeatMs });
  ctx.onCleanup("close the ingress", () => ingress[Symbol.asyncDispose]());
  return Promise.all(Array.from({ length: count }, () => makeWireLab(ctx, ingress)));
}

async function makeWireLab(ctx: ScenarioContext, ingress: IngressHarness): Promise<WireLab> {
  const customer = await ingress.addCustomer();
  const backend = await startRawBackend(customer.backend);
  ctx.onCleanup("close the backend", () => backend.close());
  customer.record.port = backend.port;

  const open: WireLab["open"] = async ({ isDeflate = false, first, sessionId = customer.sessionId } = {}) => {
    const upgraded = Promise.withResolvers<Wire>();
    backend.onUpgraded = (socket, rest) => upgraded.resolve(makeWire(socket, rest));
    backend.upgradeAnswer = (request) =>
      `${acceptUpgrade(request, isDeflate ? [`sec-websocket-extensions: ${EXTENSION}`] : [])}${first?.backend.toString("latin1") ?? ""}`;
    const socket = connect({ port: ingress.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    socket.on("error", () => undefined);
    const cookie = `cookie: __session=${customer.token({ sid: sessionId })}`;
    const head = handshake(customer.userId, isDeflate ? [cookie, `sec-websocket-extensions: ${EXTENSION}`] : [cookie]);
    socket.write(Buffer.concat([Buffer.from(head, "latin1"), first?.client ?? Buffer.alloc(0)]));
    const rest = await readHead(socket);
    const [client, wire] = [makeWire(socket, rest), await upgraded.promise];
    return {
      client,
      backend: wire,
      cut() {
        client.socket.destroy();
        wire.socket.destroy();
      },
    };
  };
  return { ingress, customer, backend, open };
}

function handshake(userId: string, more: readonly string[]): string {
  const lines = [
    `GET ${agentSocketPath(userId)} HTTP/1.1`,
    `host: ${new URL(ORIGIN).host}`,
    `origin: ${ORIGIN}`,
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Reads the answer to a handshake; returns what came behind it. Throws when it is not accepted. */
async function readHead(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end === -1) continue;
    if (!bytes.toString("latin1").startsWith("HTTP/1.1 101 "))
      throw new Error(`no socket: ${bytes.toString("latin1")}`);
    return bytes.subarray(end + 4);
  }
}

function makeWire(socket: Socket, first: Buffer): Wire {
  const chunks: Buffer[] = first.length > 0 ? [first] : [];
  let length = first.length;
  let hasEnded = false;
  let wake: () => void = () => undefined;
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    wake();
  });
  const end = () => {
    hasEnded = true;
    wake();
  };
  socket.on("end", end).on("close", end).on("error", end);
  const received = () => Buffer.concat(chunks);
  return {
    socket,
    received,
    hasEnded: () => hasEnded,
    async receive(wanted, timeoutMs = RECEIVE_TIMEOUT_MS) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeoutMs);
      const look = () => {
        if (length >= wanted || hasEnded) resolve();
      };
      wake = look;
      look();
      await promise;
      clearTimeout(timer);
      return received();
    },
  };
}
