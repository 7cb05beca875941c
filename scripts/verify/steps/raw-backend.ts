import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { deriveSlotKey, identityProof } from "@automna/service-kit/slot-keys";
import { ordinary, readCarelessly, type Carelessness, type CarelessRequest } from "./careless-reader.ts";

export interface SlotIdentity {
  slotId: string;
  agentId: string;
  rootKey: Buffer;
  keyGeneration: number;
}

/** Stands where an agent answers and is nothing but sockets: it proves its slot, records, and answers as told. */
export interface RawBackend {
  port: number;
  /** All requests so far but the proxy's questions for proof. */
  requests: CarelessRequest[];
  carelessness: Carelessness;
  /** Raw bytes of an answer. */
  answer: (request: CarelessRequest) => string;
  /** Raw bytes with which an upgrade is answered. */
  upgradeAnswer: (request: CarelessRequest) => string;
  /** Raw bytes with which a question for proof is answered; `right` is what a slot would say. */
  proofAnswer: (right: string) => string;
  /** Gets a connection after its upgrade was answered, with what came right behind it. */
  onUpgraded: (socket: Socket, rest: Buffer) => void;
  /** As after the start: nothing recorded, no connection open, ordinary answers. */
  reset: () => void;
  close: () => Promise<void>;
}

/** RFC 6455, 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export const answerWith = (body: string, headers: readonly string[] = [], status = "200 OK"): string =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`, "", body].join("\r\n");

export function acceptUpgrade({ headers }: CarelessRequest, more: readonly string[] = []): string {
  const key = headers.find(([name]) => name === "sec-websocket-key")?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
  const lines = ["upgrade: websocket", "connection: Upgrade", `sec-websocket-accept: ${accept}`, ...more];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** Starts one on a free port of this machine. */
export async function startRawBackend(slot: SlotIdentity): Promise<RawBackend> {
  const proofKey = deriveSlotKey(slot.rootKey, "proof", slot.slotId, slot.keyGeneration);
  const sockets = new Set<Socket>();
  const ordinaryWays = () => ({
    carelessness: ordinary,
    answer: () => answerWith("ok", ["content-type: text/plain"]),
    upgradeAnswer: acceptUpgrade,
    proofAnswer: (right: string) => answerWith(right, ["content-type: application/json"]),
    onUpgraded: () => undefined,
  });

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    serve(socket);
  });

  const serve = (socket: Socket) => {
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (;;) {
        const read = readCarelessly(text, backend.carelessness);
        if (read === null) return;
        text = text.slice(read.end);
        if (!answer(socket, read.request)) continue;
        socket.off("data", onData);
        backend.onUpgraded(socket, Buffer.from(text, "latin1"));
        return;
      }
    };
    socket.on("data", onData).on("end", () => socket.end());
  };

  /** True when the connection has become a WebSocket's. */
  const answer = (socket: Socket, request: CarelessRequest): boolean => {
    const nonce = /^\/healthz\?nonce=(\w+)$/.exec(request.target)?.[1];
    if (nonce !== undefined) {
      socket.write(backend.proofAnswer(proofFor(nonce)), "latin1");
      return false;
    }
    backend.requests.push(request);
    const isUpgrade = request.headers.some(([name]) => name === "upgrade");
    socket.write(isUpgrade ? backend.upgradeAnswer(request) : backend.answer(request), "latin1");
    return isUpgrade;
  };

  const proofFor = (nonce: string) => {
    const { slotId, keyGeneration: generation, agentId } = slot;
    const proof = identityProof(proofKey, nonce, slotId, generation, agentId);
    return JSON.stringify({ ok: true, status: "live", slotId, generation, agentId, proof });
  };

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const backend: RawBackend = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    ...ordinaryWays(),
    reset() {
      for (const socket of sockets) socket.destroy();
      Object.assign(backend, { requests: [], ...ordinaryWays() });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return backend;
}
