import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { appError } from "@automna/contract/error-catalogue";
import type { AppError } from "@automna/core/shared/app-error";
import { endCodes, endErrors } from "./end-codes.ts";
import { forwardWebSocket } from "./forward-websocket.ts";
import type { HandlerDeps } from "./handle-request.ts";
import type { EndReason, Held } from "./held-connections.ts";
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
  const requestId = deps.newRequestId();
  client.on("error", () => client.destroy());
  try {
    const pair = await join(deps, { request, client, head, requestId });
    if (pair === null) client.destroy();
  } catch (error) {
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
  { request, client, head, requestId }: { request: IncomingMessage; client: Duplex; head: Buffer; requestId: string },
): Promise<SocketPair | null> {
  const { target, caller, key } = await admission.upgrade(request);
  const { userId } = target;
  const state: SocketState = { ended: null, pair: null, cancel: null };
  const entry: Held = {
    kind: "websocket",
    userId,
    sessionId: caller.sessionId,
    backendId: null,
    end(reason) {
      state.ended ??= reason;
      state.cancel?.(appError(endErrors[reason]));
      state.pair?.end(endCodes[reason].code, endCodes[reason].text);
    },
  };
  // Held from here on: what ends while the backend is being opened is not joined to it.
  const release = held.add(caller, entry);
  try {
    const backend = await holdForBackend(admission, { target, client, state });
    const toRequestHeaders = (used: Backend) => {
      entry.backendId = used.id;
      return admission.requestHeaders(request, used, { userId, requestId });
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
