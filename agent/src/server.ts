import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AgentdStatus, ClaimRequest, PrepareRequest } from "@automna/contract/agentd";
import { abortRequestSchema, claimRequestSchema, prepareRequestSchema } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { unreachable } from "@automna/core/shared/unreachable";
import { isAppError } from "@automna/core/shared/app-error";
import type { Logger } from "@automna/service-kit/log";
import type { z } from "zod";
import type { Apps } from "./apps/serve-apps.ts";
import { answerError, answerJson, answerThrown, readJson, refuseUpgrade } from "./answers.ts";
import type { WebSocketForwarder } from "./forward-websocket.ts";
import { choosePassage, type GateKeys, type Passage } from "./gate.ts";
import type { GatewayAddress } from "./gateway-client.ts";

export interface ServerDeps {
  keys: GateKeys;
  log: Logger;
  describeHealth(nonce: string | null): unknown;
  claim(request: ClaimRequest): Promise<AgentdStatus>;
  /** Throws `slot_claimed` when the slot is somebody's. */
  prepare(request: PrepareRequest): Promise<AgentdStatus>;
  status(): AgentdStatus;
  /** Null while the gateway is not ready. */
  address(): GatewayAddress | null;
  abort(request: z.infer<typeof abortRequestSchema>, address: GatewayAddress): Promise<boolean>;
  forwardHttp(address: GatewayAddress, request: IncomingMessage, response: ServerResponse): Promise<void>;
  webSockets: WebSocketForwarder;
  apps: Apps;
  /** Who gets through, and where to. An attack scenario puts one without a check here, to show that its attack would work. */
  gate?: typeof choosePassage;
}

const CLAIM_LIMIT_BYTES = 64 * 1024;
/** More sockets than any person has tabs; a runaway client must not take agentd's file descriptors. */
const MOST_WEBSOCKETS = 100;

/** agentd's one port: the gate, and behind it the control calls and the way to the gateway. */
export function makeAgentdServer(deps: ServerDeps): Server {
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 300_000,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 16 * 1024,
  });
  server.maxHeadersCount = 100;
  server.on("request", (request, response) => {
    answer(deps, request, response).catch((error: unknown) => {
      if (!isAppError(error)) deps.log.error({ err: error }, "a request failed");
      if (response.headersSent) response.destroy();
      else answerThrown(response, error);
    });
  });
  server.on("upgrade", (request, socket, head) => {
    const passage = choose(deps, request);
    // Upgrades live longer than a request; errors before forwarding must not end the process.
    socket.on("error", () => socket.destroy());
    if (passage.kind === "refused") return refuseUpgrade(socket, passage.code);
    if (
      passage.kind !== "gateway" ||
      request.method !== "GET" ||
      request.headers.upgrade?.toLowerCase() !== "websocket"
    )
      return refuseUpgrade(socket, "invalid_request");
    if (deps.webSockets.count() >= MOST_WEBSOCKETS) return refuseUpgrade(socket, "too_many_requests");
    const address = deps.address();
    if (address === null) return refuseUpgrade(socket, "agent_starting");
    deps.webSockets.forward(address, request, socket, head);
  });
  return server;
}

function choose({ keys, gate = choosePassage }: ServerDeps, request: IncomingMessage): Passage {
  const header = request.headers[INTERNAL_HEADER];
  return gate(
    {
      method: request.method ?? "",
      target: request.url ?? "",
      internalHeader: typeof header === "string" ? header : undefined,
    },
    keys,
  );
}

async function answer(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const passage = choose(deps, request);
  switch (passage.kind) {
    case "refused":
      return answerError(response, passage.code);
    case "health":
      return answerJson(response, 200, deps.describeHealth(passage.nonce));
    case "status":
      return answerJson(response, 200, deps.status());
    case "claim":
      return answerJson(response, 200, await deps.claim(await readAs(claimRequestSchema, request)));
    case "prepare":
      return answerJson(response, 200, await deps.prepare(await readAs(prepareRequestSchema, request)));
    case "abort": {
      const wanted = await readAs(abortRequestSchema, request);
      const address = deps.address();
      if (address === null) return answerError(response, "agent_starting");
      return answerJson(response, 200, { aborted: await deps.abort(wanted, address) });
    }
    case "app-list":
      return answerJson(response, 200, { apps: await deps.apps.list() });
    case "app":
      return deps.apps.serve(passage, request, response);
    case "gateway": {
      const address = deps.address();
      if (address === null) return answerError(response, "agent_starting");
      return deps.forwardHttp(address, request, response);
    }
    default:
      return unreachable(passage);
  }
}

async function readAs<Shape>(schema: z.ZodType<Shape>, request: IncomingMessage): Promise<Shape> {
  const parsed = schema.safeParse(await readJson(request, CLAIM_LIMIT_BYTES));
  if (parsed.success) return parsed.data;
  throw appError("invalid_request", {
    details: { issues: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) },
  });
}
