import type { Duplex } from "node:stream";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { SECOND_MS } from "@automna/core/shared/clock";
import { isAppError } from "@automna/core/shared/app-error";
import type { BackendConnections } from "./backend-connections.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { unavailable } from "./phase-answers.ts";
import { readResponseHead } from "./response-head.ts";
import { readUntil } from "./read-until.ts";
import type { Backend } from "./route.ts";
import { SocketPair } from "./socket-pair.ts";
import { formatUpgradeAnswer, formatUpgradeRequest, isUpgradeAccepted, newUpgradeKey } from "./upgrade-handshake.ts";

export interface SocketForward {
  request: IncomingMessage;
  client: Duplex;
  /** What the client sent after its handshake. */
  head: Buffer;
  heartbeat: Heartbeat;
  /** The client's handshake key, checked. */
  key: string;
  path: string;
  toRequestHeaders: (backend: Backend) => string[];
  findBackendAgain: () => Promise<Backend>;
  /** False when the session or route has ended meanwhile. */
  isWanted: () => boolean;
}

const HANDSHAKE_TIMEOUT_MS = 10 * SECOND_MS;

/**
 * Opens the backend's side with a handshake of our own, answers the client's, and joins the two. Throws before
 * anything was answered; null when the client left or is no longer wanted.
 */
export async function forwardWebSocket(
  connections: BackendConnections,
  forward: SocketForward,
  backend: Backend,
): Promise<SocketPair | null> {
  const { client, request, head } = forward;
  const { socket, used } = await openBackend(connections, forward, backend);
  try {
    const key = newUpgradeKey();
    const target = { path: forward.path, host: `${used.host}:${used.port}`, key };
    socket.write(formatUpgradeRequest(target, forward.toRequestHeaders(used)), "latin1");
    const answer = await readUntil(socket, readHead, HANDSHAKE_TIMEOUT_MS).catch((error: unknown) => {
      throw unavailable(error);
    });
    if (!isUpgradeAccepted(answer.head, key))
      throw unavailable(new Error(`upgrade answered with ${answer.head.status}`));
    if (client.destroyed || !(client instanceof Socket) || !forward.isWanted()) {
      socket.destroy();
      return null;
    }
    client.write(formatUpgradeAnswer({ key: forward.key, headers: request.headers }, answer.head), "latin1");
    // Part of the first frame, perhaps: it goes the way of all others.
    if (head.length > 0) client.unshift(head);
    return new SocketPair(client, socket, forward.heartbeat);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A connection to the backend, or to where it is by now. */
async function openBackend(connections: BackendConnections, forward: SocketForward, backend: Backend) {
  try {
    return { socket: await connections.open(backend), used: backend };
  } catch (error) {
    if (isAppError(error)) throw error;
  }
  const used = await forward.findBackendAgain();
  try {
    return { socket: await connections.open(used), used };
  } catch (error) {
    throw isAppError(error) ? error : unavailable(error);
  }
}

function readHead(bytes: Buffer) {
  const found = readResponseHead(bytes);
  return found === null ? null : { head: found.head, end: found.bodyStart };
}
