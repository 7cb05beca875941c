import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { agentdPaths, healthSchema } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { identityProof, sameSecret } from "@automna/service-kit/slot-keys";
import { readResponseHead, readSmallBody } from "./response-head.ts";
import { readUntil } from "./read-until.ts";
import type { Backend } from "./route.ts";

const NONCE_BYTES = 16;
const ANSWER_MAX_BYTES = 4_096;
const DEADLINE_MS = 3_000;

/**
 * Asks who is at the other end of a fresh connection, before anything of a customer's is sent over it (design D10).
 * The proof belongs to the connection: a port that changed hands needs a new connection, and that a new proof.
 * Throws `backend_unproven` for a wrong answer; costs one round trip per connection, nothing per request.
 */
export async function proveBackend(socket: Socket, backend: Backend): Promise<void> {
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  const answered = readUntil(socket, readHealth, DEADLINE_MS);
  socket.write(
    `GET ${agentdPaths.health}?nonce=${nonce} HTTP/1.1\r\nhost: ${backend.host}:${backend.port}\r\nconnection: keep-alive\r\n\r\n`,
  );
  const { health, isKept } = await answered;
  if (health === null) throw appError("backend_unproven");
  const { slotId, keyGeneration, agentId, proofKey } = backend;
  const isRight = sameSecret(health.proof ?? "", identityProof(proofKey, nonce, slotId, keyGeneration, agentId));
  // Bytes after the answer were not asked for: they would be read as the answer to the first request.
  if (!isRight || socket.readableLength > 0) throw appError("backend_unproven");
  if (!isKept) throw new Error("the backend does not keep connections open");
}

function readHealth(bytes: Buffer) {
  const found = readResponseHead(bytes);
  if (found === null) return null;
  const body = readSmallBody(found.head, bytes.subarray(found.bodyStart), ANSWER_MAX_BYTES);
  if (body === null) return null;
  const isKept = found.head.headers.get("connection")?.toLowerCase() !== "close";
  return { health: parseHealth(found.head.status, body.body), isKept, end: found.bodyStart + body.end };
}

function parseHealth(status: number, body: Buffer) {
  if (status !== 200) return null;
  try {
    return healthSchema.parse(JSON.parse(body.toString("utf8")));
  } catch {
    return null;
  }
}
