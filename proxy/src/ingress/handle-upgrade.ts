import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { appError } from "@automna/contract/error-catalogue";
import { endCodes } from "./end-codes.ts";
import { forwardWebSocket } from "./forward-websocket.ts";
import type { HandlerDeps } from "./handle-request.ts";
import type { EndReason, Held } from "./held-connections.ts";
import { refuseUpgrade } from "./refuse.ts";
import type { Backend } from "./route.ts";
import type { SocketPair } from "./socket-pair.ts";

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

async function join(
  { admission, held, connections }: HandlerDeps,
  { request, client, head, requestId }: { request: IncomingMessage; client: Duplex; head: Buffer; requestId: string },
): Promise<SocketPair | null> {
  const { target, caller, key } = await admission.upgrade(request);
  const { userId } = target;
  const state: { ended: EndReason | null; pair: SocketPair | null } = { ended: null, pair: null };
  const entry: Held = {
    kind: "websocket",
    userId,
    sessionId: caller.sessionId,
    backendId: null,
    end(reason) {
      state.ended ??= reason;
      state.pair?.end(endCodes[reason].code, endCodes[reason].text);
    },
  };
  // Held from here on: what ends while the backend is being opened is not joined to it.
  const release = held.add(caller, entry);
  try {
    const backend = await admission.findBackend(target);
    const toRequestHeaders = (used: Backend) => {
      entry.backendId = used.id;
      return admission.requestHeaders(request, used, { userId, requestId });
    };
    const findBackendAgain = () => admission.findBackendAgain(target);
    const isWanted = () => state.ended === null;
    const forward = { request, client, head, key, path: target.rest, toRequestHeaders, findBackendAgain, isWanted };
    state.pair = await forwardWebSocket(connections, forward, backend);
  } catch (error) {
    release();
    throw state.ended === null ? error : appError("session_expired");
  }
  if (state.pair === null) release();
  else state.pair.onClosed(release);
  return state.pair;
}
