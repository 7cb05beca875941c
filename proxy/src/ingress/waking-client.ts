import type { Duplex } from "node:stream";
import { appError } from "@automna/contract/error-catalogue";
import type { AppError } from "@automna/core/shared/app-error";

/** A client has nothing to say before its handshake is answered (RFC 6455, 4.1); some send a first frame all the same. */
const EARLY_MAX_BYTES = 16_384;

/**
 * Watches a client whose upgrade waits: a client that leaves is noticed, and what it sends too early is kept up to a
 * limit. Returns how to stop; the socket then has all that it sent still to be read.
 */
export function watchWaitingClient(client: Duplex, onUnwanted: (error: AppError) => void): () => void {
  const early: Buffer[] = [];
  let bytes = 0;
  const gone = () => onUnwanted(appError("invalid_request"));
  const onData = (chunk: Buffer) => {
    early.push(chunk);
    bytes += chunk.length;
    if (bytes <= EARLY_MAX_BYTES) return;
    client.pause();
    onUnwanted(appError("body_too_large"));
  };
  client.on("data", onData).on("end", gone).on("close", gone);
  return () => {
    client.off("data", onData).off("end", gone).off("close", gone);
    client.pause();
    if (bytes > 0 && !client.destroyed && !client.readableEnded) client.unshift(Buffer.concat(early));
  };
}
