import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createHash } from "node:crypto";
import { deriveSlotKey, identityProof } from "@automna/service-kit/slot-keys";
import { answerMessages, reportReady, settings } from "./child.ts";
import { echoFrames } from "./frames.ts";
import { GENERATION, LARGE_BYTES, paths, SMALL_BYTES, type BackendSettings, type Slot } from "./world.ts";

/** The agent's side for every candidate alike, as cheap as Node makes it. One port per slot. */
const { rootKey, slots } = settings() as BackendSettings;
const small = Buffer.from(JSON.stringify({ text: "x".repeat(SMALL_BYTES - 11) }));
const large = Buffer.alloc(LARGE_BYTES, 7);

const answerProof = (slot: Slot, nonce: string) => {
  const proofKey = deriveSlotKey(Buffer.from(rootKey, "base64"), "proof", slot.slotId, GENERATION);
  const proof = identityProof(proofKey, nonce, slot.slotId, GENERATION, slot.agentId);
  return JSON.stringify({ ok: true, status: "live", ...slot, generation: GENERATION, proof });
};

const send = (response: ServerResponse, type: string, body: Buffer | string) => {
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
};

const sendEvents = (response: ServerResponse, count: number) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const next = () => {
    if (response.destroyed) return;
    sent += 1;
    response.write(`data: {"delta":"${"token".repeat(8)}","index":${sent}}\n\n`);
    if (sent < count) setTimeout(next, 1);
    else response.end();
  };
  next();
};

const answer = (slot: Slot) => (request: IncomingMessage, response: ServerResponse) => {
  request.resume();
  const url = request.url ?? "/";
  if (url.includes("?nonce=")) send(response, "application/json", answerProof(slot, url.split("=")[1] ?? ""));
  else if (url.endsWith(paths.small)) send(response, "application/json", small);
  else if (url.endsWith(paths.large)) send(response, "application/octet-stream", large);
  else if (url.includes(paths.events)) sendEvents(response, Number(url.split("=")[1]));
  else response.writeHead(404).end();
};

const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  const key = String(request.headers["sec-websocket-key"]);
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.on("error", () => socket.destroy()).on("end", () => socket.end());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  socket.on(
    "data",
    echoFrames((bytes) => void socket.write(bytes)),
  );
};

const ports: number[] = [];
for (const slot of slots) {
  const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0, noDelay: true }, answer(slot));
  server.on("upgrade", upgrade);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  ports.push((server.address() as AddressInfo).port);
}
answerMessages(() => ({}));
reportReady({ ports });
