import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { AGENTD_APPS_PREFIX } from "@automna/contract/agentd";
import { deriveSlotKey, identityProof, newRootKey, sameSecret } from "@automna/service-kit/slot-keys";
import { WebSocketServer } from "ws";

/** A recorded request, as the gate would see it. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  rawHeaders: string[];
  body: string;
}

/** Answers like agentd: the proof at /healthz, its internal header for everything else; records all it gets. */
export interface StandInAgentd extends AsyncDisposable {
  port: number;
  slotId: string;
  agentId: string;
  rootKey: Buffer;
  keyGeneration: number;
  seen: SeenRequest[];
  /** Open connections. */
  sockets: () => number;
  /** Answers of its own by path; the default is an echo of the request as JSON. */
  answers: Map<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>;
  /** Ends it as a crash would: every connection is reset. */
  crash: () => Promise<void>;
}

export interface StandInOptions {
  slotId: string;
  agentId: string;
  port?: number;
  rootKey?: Buffer;
  keyGeneration?: number;
  /** Lets go through what agentd would refuse, so that a leak is seen here and not hidden by the gate. */
  isOpen?: boolean;
}

export async function startStandInAgentd(options: StandInOptions): Promise<StandInAgentd> {
  const { slotId, agentId, rootKey = newRootKey(), keyGeneration = 1, isOpen = false } = options;
  const ingressKey = deriveSlotKey(rootKey, "ingress", slotId, keyGeneration);
  const proofKey = deriveSlotKey(rootKey, "proof", slotId, keyGeneration);
  const seen: SeenRequest[] = [];
  const answers: StandInAgentd["answers"] = new Map();
  const sockets = new Set<Duplex>();
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  const appsKey = deriveSlotKey(rootKey, "apps", slotId, keyGeneration);
  const mayPass = (request: IncomingMessage) => {
    const key = request.url?.startsWith(AGENTD_APPS_PREFIX) === true ? appsKey : ingressKey;
    return isOpen || sameSecret(String(request.headers["x-automna-internal"] ?? ""), key);
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://agentd");
    const nonce = url.searchParams.get("nonce");
    if (url.pathname === "/healthz" && nonce !== null) {
      const proof = identityProof(proofKey, nonce, slotId, keyGeneration, agentId);
      response.end(JSON.stringify({ ok: true, status: "live", slotId, generation: keyGeneration, agentId, proof }));
      return;
    }
    const entry: SeenRequest = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: "",
    };
    seen.push(entry);
    if (!mayPass(request)) {
      response.writeHead(401).end();
      return;
    }
    const answer = answers.get(url.pathname);
    if (answer !== undefined) {
      await answer(request, response);
      return;
    }
    try {
      for await (const chunk of request) entry.body += String(chunk);
    } catch {
      // The proxy ended the request: what came of it is recorded.
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ slotId, url: request.url, body: entry.body }));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("upgrade", (request, socket, head) => {
    seen.push({
      method: "UPGRADE",
      url: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: "",
    });
    socket.on("error", () => undefined);
    if (!mayPass(request)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => undefined);
      client.on("message", (data, isBinary) => {
        const text = !isBinary && Buffer.isBuffer(data) ? data.toString() : "";
        if (text.startsWith("close:")) client.close(Number(text.slice(6)), "as asked");
        else if (text === "reset") socket.destroy();
        else client.send(data, { binary: isBinary });
      });
    });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");

  const crash = async () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
    await sleep(10);
  };
  return {
    port: (server.address() as AddressInfo).port,
    slotId,
    agentId,
    rootKey,
    keyGeneration,
    seen,
    sockets: () => sockets.size,
    answers,
    crash,
    [Symbol.asyncDispose]: crash,
  };
}
