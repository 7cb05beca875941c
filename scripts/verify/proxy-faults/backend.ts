import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { newId } from "@automna/service-kit/new-id";
import { deriveSlotKey, identityProof, newRootKey } from "@automna/service-kit/slot-keys";
import { WebSocketServer, type RawData, type WebSocket } from "ws";

/** A slot as the platform knows it. */
export interface Slot {
  slotId: string;
  agentId: string;
  rootKey: Buffer;
}

/** Stands where an agent answers: proves its slot as agentd does, and says in each answer who it is and whom it heard. */
export interface Backend {
  slot: Slot;
  port: number;
  /** Answers and sockets under way. */
  underWay: () => number;
  /** Resets every connection, as a process that is killed does; it goes on listening. */
  reset: () => void;
  close: () => Promise<void>;
}

export const GENERATION = 1;
/** Bytes of /big. */
export const BIG_BYTES = 16 * 1024 * 1024;
/** A socket that is told to flood sends messages of this size as long as it is open. */
const FLOOD_BYTES = 256 * 1024;
const EVENT_EVERY_MS = 20;
/** Shorter than the proxy's, so that its kept connections are closed from here within a run. */
const KEEP_ALIVE_MS = 3_000;
const block = Buffer.alloc(64 * 1024, "automna ");

export function newSlot(agentId: string): Slot {
  return { slotId: newId("slt"), agentId, rootKey: newRootKey() };
}

export async function startBackend(slot: Slot, onPort = 0): Promise<Backend> {
  const { slotId, agentId, rootKey } = slot;
  const [ingressKey, proofKey] = (["ingress", "proof"] as const).map((purpose) =>
    deriveSlotKey(rootKey, purpose, slotId, GENERATION),
  ) as [string, string];
  const connections = new Set<Socket>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  let underWay = 0;
  // Not in constant time: it stands for a gate and guards nothing, and shares the machine with what is loaded.
  const isFromIngress = ({ headers }: IncomingMessage) => headers["x-automna-internal"] === ingressKey;

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
    const [pathname = "", nonce = ""] = (request.url ?? "").split("?nonce=");
    if (pathname === "/healthz" && nonce !== "") {
      const proof = identityProof(proofKey, nonce, slotId, GENERATION, agentId);
      response.end(JSON.stringify({ ok: true, status: "live", slotId, generation: GENERATION, agentId, proof }));
      return;
    }
    if (!isFromIngress(request)) {
      const refusal = `${slotId} - -`;
      response.writeHead(401, { "content-type": "text/plain", "content-length": refusal.length }).end(refusal);
      return;
    }
    underWay += 1;
    response.on("close", () => (underWay -= 1));
    (answers[pathname] ?? sayWho)(request, response, `${slotId} ${String(request.headers["x-automna-user"])} ${nonce}`);
  });
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket)).on("error", () => undefined);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => undefined);
    if (!isFromIngress(request)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      underWay += 1;
      client.on("close", () => (underWay -= 1)).on("error", () => undefined);
      const user = String(request.headers["x-automna-user"]);
      client.on("message", (data) => hear(client, textOf(data), `${slotId} ${user}`));
    });
  });
  server.listen(onPort, "127.0.0.1");
  await once(server, "listening");

  const reset = () => {
    for (const socket of connections) socket.resetAndDestroy();
  };
  return {
    slot,
    port: (server.address() as AddressInfo).port,
    underWay: () => underWay,
    reset,
    async close() {
      const closed = once(server, "close");
      server.close();
      reset();
      await closed;
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, who: string) => void;

const sayWho: Answer = (_request, response, who) => {
  response.writeHead(200, { "content-type": "text/plain", "content-length": who.length }).end(who);
};

const answers: Readonly<Record<string, Answer>> = {
  "/who": sayWho,
  "/never": () => undefined,
  "/stream"(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(`data: ${Date.now()}\n\n`), EVENT_EVERY_MS);
    response.on("close", () => clearInterval(timer));
  },
  "/big"(_request, response) {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": BIG_BYTES });
    pour(response, BIG_BYTES);
  },
  "/upload"(request, response, who) {
    request.resume().on("end", () => response.end(who));
  },
};

/** Writes as fast as the other side reads. */
function pour(response: ServerResponse, left: number): void {
  let rest = left;
  while (rest > 0 && !response.destroyed) {
    const bytes = block.subarray(0, Math.min(block.length, rest));
    rest -= bytes.length;
    if (!response.write(bytes)) break;
  }
  if (rest <= 0) response.end();
  else response.once("drain", () => pour(response, rest));
}

function hear(client: WebSocket, text: string, who: string): void {
  if (text === "flood") flood(client);
  else if (text === "fall silent") client.pause();
  else client.send(`${who} ${text}`);
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : "";
}

function flood(client: WebSocket): void {
  if (client.readyState !== client.OPEN) return;
  client.send(Buffer.alloc(FLOOD_BYTES), () => setImmediate(flood, client));
}
