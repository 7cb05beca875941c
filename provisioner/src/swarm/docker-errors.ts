import { appError } from "@automna/contract/error-catalogue";
import { AppError } from "@automna/core/shared/app-error";

/** What an engine's refusal means for us. */
export type DockerFailure =
  /** There is no such thing. */
  | "not_found"
  /** The name is taken, or the thing is in use. */
  | "conflict"
  /** Somebody changed the thing since we read it: read again, decide again. */
  | "out_of_sequence"
  /** The socket proxy does not let that through: we asked for what we never should. */
  | "refused"
  /** Nobody answered, or one that is no manager (any more). */
  | "away"
  /** It is our own signal. */
  | "aborted"
  | "other";

/** As dockerode throws: the engine's status and its words. */
interface EngineError extends Error {
  statusCode?: number;
  code?: string;
}

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Swarm's store has no code for it: engines answer 500 or 400 with these words (moby: daemon/cluster/errors). */
const OUT_OF_SEQUENCE = "update out of sequence";
/** An election is under way, or most managers are gone; engines answer 500. */
const NO_LEADER = "does not have a leader";

export function dockerFailure(error: unknown): DockerFailure {
  if (!(error instanceof Error)) return "other";
  const { statusCode, code, name, message } = error as EngineError;
  if (name === "AbortError" || code === "ABORT_ERR") return "aborted";
  if (code !== undefined && CONNECTION_CODES.has(code)) return "away";
  if (message === "socket hang up" || message.includes(NO_LEADER)) return "away";
  if (message.includes(OUT_OF_SEQUENCE)) return "out_of_sequence";
  if (statusCode === 404) return "not_found";
  if (statusCode === 409) return "conflict";
  if (statusCode === 403) return "refused";
  // 503: no manager, or a Swarm without a majority. 502 and 504: the socket proxy found no engine.
  if (statusCode === 503 || statusCode === 502 || statusCode === 504) return "away";
  return "other";
}

/** The engine's error as ours; what we don't know stays what it is. */
export function toOwnError(error: unknown, doing: string): unknown {
  const failure = dockerFailure(error);
  if (failure === "away") return appError("engine_unavailable", { cause: error, details: { doing } });
  if (failure === "refused")
    return new AppError("engine_refused", "bug", `the socket proxy refused: ${doing}`, { cause: error });
  return error;
}

/**
 * Why a node rejected a task. The engine has only words for it (moby: daemon/cluster/executor/container), so this one
 * place reads them.
 */
export function isImageMissing(taskError: string): boolean {
  return /No such image|pull access denied|manifest unknown|manifest for .* not found/i.test(taskError);
}
