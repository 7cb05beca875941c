import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AgentdStatus } from "@automna/contract/agentd";
import { makeSilentLog } from "@automna/service-kit/log";
import { deriveSlotKey, identityProof } from "@automna/service-kit/slot-keys";
import { Agent } from "undici";
import { WebSocketServer } from "ws";
import { forwardHttp } from "../../../agent/src/forward-http.ts";
import { makeWebSocketForwarder } from "../../../agent/src/forward-websocket.ts";
import type { choosePassage } from "../../../agent/src/gate.ts";
import { makeAgentdServer } from "../../../agent/src/server.ts";

export interface SeenRequest {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
}

export interface BackendIdentity {
  slotId: string;
  generation: number;
  agentId: string;
  rootKey: Buffer;
}

/** agentd's real server before a gateway that only writes down what it hears. */
export interface RecordingBackend {
  port: number;
  /** What came to agentd's port, the proxy's own questions for proof left out. */
  arrived: () => readonly SeenRequest[];
  /** What agentd let through to the gateway. */
  passed: () => readonly SeenRequest[];
  close: () => Promise<void>;
}

/** Starts one on a free port. `gate` replaces agentd's check of the internal header. */
export async function startRecordingBackend(
  { slotId, generation, agentId, rootKey }: BackendIdentity,
  gate?: typeof choosePassage,
): Promise<RecordingBackend> {
  const arrived: SeenRequest[] = [];
  const passed: SeenRequest[] = [];
  const gateway = await startGateway(passed);
  const keyFor = (purpose: "ingress" | "control" | "proof" | "apps") =>
    deriveSlotKey(rootKey, purpose, slotId, generation);
  const status = (): AgentdStatus => ({
    slotId,
    generation,
    agentId,
    claimHash: "claimed",
    gateway: { state: "ready", sinceMs: 0, restarts: 0, lastExit: null, bootMs: 0, pid: null },
  });
  const log = makeSilentLog();
  const dispatcher = new Agent();
  const webSockets = makeWebSocketForwarder(log);
  const agentd = makeAgentdServer({
    keys: { ingress: keyFor("ingress"), control: keyFor("control"), apps: keyFor("apps") },
    log,
    describeHealth: (nonce) => ({
      ok: true,
      status: "live",
      ...(nonce === null
        ? {}
        : { slotId, generation, agentId, proof: identityProof(keyFor("proof"), nonce, slotId, generation, agentId) }),
    }),
    claim: async () => status(),
    prepare: async () => status(),
    status,
    address: () => ({ port: portOf(gateway), gateHeader: "x-gate" }),
    abort: async () => true,
    forwardHttp: (address, request, response) => forwardHttp({ dispatcher, log }, address, request, response),
    webSockets,
    apps: {
      list: async () => [],
      async serve(_app, request, response) {
        passed.push(toSeen(request));
        response.end("file");
      },
    },
    ...(gate === undefined ? {} : { gate }),
  });
  const record = (request: IncomingMessage) => {
    if (request.url?.startsWith("/healthz?nonce=") !== true) arrived.push(toSeen(request));
  };
  agentd.prependListener("request", record);
  agentd.prependListener("upgrade", record);
  await listen(agentd);
  return {
    port: portOf(agentd),
    arrived: () => arrived,
    passed: () => passed,
    async close() {
      webSockets.closeAll();
      await Promise.all([agentd, gateway].map(close));
      await dispatcher.destroy();
    },
  };
}

async function startGateway(passed: SeenRequest[]): Promise<Server> {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    passed.push(toSeen(request));
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ heard: request.url }));
  });
  server.on("upgrade", (request, socket, head) => {
    passed.push(toSeen(request));
    sockets.handleUpgrade(request, socket, head, (opened) => opened.send("hello"));
  });
  await listen(server);
  return server;
}

function toSeen({ method = "", url = "", headers }: IncomingMessage): SeenRequest {
  return { method, target: url, headers };
}

async function listen(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
