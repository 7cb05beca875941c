import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import { errorAnswerFor } from "@automna/contract/error-body";
import { appError } from "@automna/contract/error-catalogue";
import type { AppError } from "@automna/core/shared/app-error";
import { endCodes, endErrors } from "./end-codes.ts";
import { forwardWebSocket } from "./forward-websocket.ts";
import type { HandlerDeps } from "./handle-request.ts";
import type { EndReason, Held } from "./held-connections.ts";
import { Passage } from "./passage.ts";
import { refuseUpgrade } from "./refuse.ts";
import type { RequestTarget } from "./request-target.ts";
import type { Backend } from "./route.ts";
import type { SocketPair } from "./socket-pair.ts";
import { watchWaitingClient } from "./waking-client.ts";

/** The way of one WebSocket to the agent. Never rejects. */
export async function handleUpgrade(
  deps: HandlerDeps,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const passage = new Passage(request, deps.newRequestId(), "socket");
  const { requestId } = passage;
  client.on("error", () => client.destroy());
  client.once("close", () => {
    if (client instanceof Socket)
      Object.assign(passage.tally, { bytesIn: client.bytesRead, bytesOut: client.bytesWritten });
    deps.onPassage(passage, performance.now());
  });
  try {
    const pair = await join(deps, { request, client, head, passage });
    if (pair === null) client.destroy();
    else passage.answered(101);
  } catch (error) {
    passage.refused(error);
    passage.status = errorAnswerFor(error).status;
    deps.report(error, requestId);
    refuseUpgrade(client, error, requestId);
  }
}

interface SocketState {
  ended: EndReason | null;
  pair: SocketPair | null;
  /** Ends the wait for the agent, while there is one. */
  cancel: ((error: AppError) => void) | null;
}

async function join(
  { admission, held, connections, heartbeat }: HandlerDeps,
  { request, client, head, passage }: { request: IncomingMessage; client: Duplex; head: Buffer; passage: Passage },
): Promise<SocketPair | null> {
  const { target, caller, key } = await admission.upgrade(request);
  const { userId } = target;
  passage.checked(target, "socket");
  const state: SocketState = { ended: null, pair: null, cancel: null };
  const entry = toHeld(userId, caller.sessionId, state);
  // Held from here on: what ends while the backend is being opened is not joined to it.
  const release = held.add(caller, entry);
  try {
    const backend = await holdForBackend(admission, { target, client, state });
    passage.routed(backend);
    const toRequestHeaders = (used: Backend) => {
      entry.backendId = used.id;
      return admission.requestHeaders(request, used, {
        userId,
        requestId: passage.requestId,
        trace: passage.trace,
      });
    };
    const findBackendAgain = () => admission.findBackendAgain(target);
    const isWanted = () => state.ended === null;
    const forward = {
      request,
      client,
      head,
      heartbeat,
      key,
      path: target.rest,
      toRequestHeaders,
      findBackendAgain,
      isWanted,
    };
    state.pair = await forwardWebSocket(connections, forward, backend);
  } catch (error) {
    release();
    throw state.ended === null ? error : appError(endErrors[state.ended]);
  }
  if (state.pair === null) release();
  else state.pair.onClosed(release);
  return state.pair;
}

/** Made apart: what lives as long as the socket must not hold on to its request. */
function toHeld(userId: string, sessionId: string, state: SocketState): Held {
  return {
    kind: "websocket",
    userId,
    sessionId,
    backendId: null,
    end(reason) {
      state.ended ??= reason;
      state.cancel?.(appError(endErrors[reason]));
      state.pair?.end(endCodes[reason].code, endCodes[reason].text);
    },
    canEndCleanly: () => state.pair?.canEndCleanly() ?? true,
  };
}

/** The agent's address, for which a socket waits as long as the agent is on its way. */
async function holdForBackend(
  admission: HandlerDeps["admission"],
  { target, client, state }: { target: RequestTarget; client: Duplex; state: SocketState },
): Promise<Backend> {
  let stopWatching: () => void = () => undefined;
  try {
    return await admission.holdForBackend(target, {
      onBegin(cancel) {
        state.cancel = cancel;
        // Signed out, say, while the route was looked up.
        if (state.ended !== null) cancel(appError(endErrors[state.ended]));
        stopWatching = watchWaitingClient(client, cancel);
      },
    });
  } finally {
    state.cancel = null;
    stopWatching();
  }
}
