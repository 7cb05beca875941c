import type { IncomingMessage } from "node:http";
import { API_KEY_CALLS_PER_MINUTE, apiKeyRefusal } from "@automna/core/api-keys/api-key-state";
import { MINUTE_MS, SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { agentdPaths } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { AGENT_PREFIX, agentSocketPath } from "@automna/contract/paths";
import type { ApiKeyRecord } from "@automna/records/api-keys";
import { isSameHash, readApiKey, readBearerKey } from "@automna/service-kit/api-key";
import type { Caller } from "./authorize.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { makeRateLimit } from "./limits-rate.ts";
import type { RequestTarget } from "./request-target.ts";

/** records/api-keys, bound to ingress's own connections. */
export interface ApiKeys {
  find: (id: string) => Promise<ApiKeyRecord | null>;
  noteUse: (key: ApiKeyRecord, nowMs: number) => Promise<void>;
}

export interface KeyCheckDeps {
  keys: ApiKeys;
  ended: Pick<EndedSessions, "isEnded">;
  now: Clock;
}

const SOCKET_PATH = agentSocketPath("").slice(AGENT_PREFIX.length);

/** What a key with the scope `chat` reaches: the socket, what keeps it open, and the stop of a run. Files are no part of it. */
function isChat(method: string | undefined, path: string): boolean {
  if (method === "POST") return path === agentdPaths.abort;
  return method === "GET" && (path === SOCKET_PATH || path === agentdPaths.health);
}

/**
 * Makes the check of a customer's API key. The key is looked up with each request and never remembered: while the
 * database is away none is good (`service_unavailable`). What a key holds open ends with it, as with a session.
 */
export function makeKeyCheck({ keys, ended, now }: KeyCheckDeps) {
  const rateLimit = makeRateLimit(
    { requestsPerS: API_KEY_CALLS_PER_MINUTE / (MINUTE_MS / SECOND_MS), requestsBurst: API_KEY_CALLS_PER_MINUTE },
    now,
  );
  return async ({ method, headers }: IncomingMessage, text: string, target: RequestTarget): Promise<Caller> => {
    if (headers.cookie !== undefined) throw appError("api_key_not_alone");
    const key = await findKey(keys, text);
    const refusal = apiKeyRefusal(key, now());
    if (refusal !== null) throw appError(refusal);
    if (!isChat(method, target.path)) throw appError("api_key_not_accepted");
    if (!key.scopes.includes("chat")) throw appError("api_key_scope_missing", { details: { scope: "chat" } });
    rateLimit(key.id);
    await keys.noteUse(key, now()).catch(unavailable);
    // Revoked while it was looked up: nothing must be held for it from here on.
    if (ended.isEnded(key.id)) throw appError("api_key_ended");
    return { userId: key.userId, sessionId: key.id, tokenIssuedAtS: now() / SECOND_MS };
  };
}

/** True for an upgrade by a program that shows a key: no browser can put one into a socket's request. */
export function showsKeyAlone({ authorization, cookie, origin }: IncomingMessage["headers"]): boolean {
  return origin === undefined && cookie === undefined && readBearerKey(authorization) !== null;
}

async function findKey(keys: ApiKeys, text: string): Promise<ApiKeyRecord> {
  const given = readApiKey(text);
  const key = given === null ? null : await keys.find(given.id).catch(unavailable);
  if (given === null || key === null || !isSameHash(key.secretHash, given.hash)) throw appError("api_key_invalid");
  return key;
}

function unavailable(cause: unknown): never {
  throw appError("service_unavailable", { cause });
}
