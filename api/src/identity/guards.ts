import type { IncomingMessage } from "node:http";
import type { ApiKeyScope } from "@automna/core/api-keys/api-key-state";
import type { ApiRoute } from "@automna/contract/api-routes";
import { appError } from "@automna/contract/error-catalogue";
import type { SessionClaims, UserRole } from "@automna/contract/identity";
import type { AgentRecord } from "@automna/records/agents";
import type { ApiKeyRecord } from "@automna/records/api-keys";
import type { Database } from "@automna/records/database";
import type { SessionVerifier } from "@automna/service-kit/session-verifier";
import { readStartToken } from "@automna/service-kit/start-link";
import { makeWebhookGuards, type WebhookGuards, type WebhookSecrets } from "../webhooks/webhook-guards.ts";
import { makeKeyGuards, type KeyGuardDeps } from "./key-guards.ts";
import { admitClerkUser } from "./clerk/admit-clerk-user.ts";
import { isAdmission } from "./local/admission.ts";
import { isLocalRequest } from "./local/local-address.ts";
import { spendNonce } from "./local/spend-nonce.ts";
import { isFromOwnOrigin } from "./origin-check.ts";
import { assertSessionLive, readSessionState } from "./session-state.ts";

/**
 * Every decision that keeps somebody out, each under its own name and each throwing when it does: an attack scenario
 * builds the real app with exactly one of them switched off, to show that its attack would work.
 */
export interface Guards {
  /** Local issuer: the request came straight to this machine's own address. */
  checkAddress: (request: IncomingMessage) => void;
  /** The request came from our own pages. */
  checkOrigin: (request: IncomingMessage, access: ApiRoute["access"]) => void;
  /** The token is one of our issuer's, whole and in time. */
  verifySession: (token: string | null) => Promise<SessionClaims>;
  /** The token's session goes on and its user is welcome. */
  checkSession: (claims: SessionClaims) => Promise<void>;
  /** The caller may use what is for operators. */
  checkOperator: (role: UserRole | null) => void;
  /** A key comes by itself: with a cookie beside it, whose word counts would be a guess. */
  checkKeyAlone: (request: IncomingMessage) => void;
  /** The key is whole, known, and its secret is right. */
  verifyKey: (text: string) => Promise<ApiKeyRecord>;
  /** The key goes on, its owner is welcome, their plan has API access, and it is not used too often. */
  checkKey: (key: ApiKeyRecord) => Promise<void>;
  /** The key was made for this; without a scope nothing was. */
  checkKeyScope: (key: Pick<ApiKeyRecord, "scopes">, scope: ApiKeyScope | undefined) => void;
  /** The agent is the caller's; to everybody else it does not exist. */
  checkOwnership: (userId: string, agent: AgentRecord | null) => AgentRecord;
  /** Local issuer: the start link is ours, in time and not used yet. Uses it up. */
  spendStartToken: (token: string) => Promise<void>;
  /** Local issuer: this browser came through a start link. */
  checkAdmission: (admission: string | null) => void;
  /** What a vendor delivers is signed, small enough and kept once. */
  webhooks: WebhookGuards;
}

export interface GuardDeps extends KeyGuardDeps {
  db: Database;
  verifier: Pick<SessionVerifier, "verify">;
  origin: string;
  /** Null with an outside issuer: then nothing of the local one works. */
  local: { startKey: string } | null;
  webhooks: WebhookSecrets;
}

export function makeGuards(deps: GuardDeps): Guards {
  const { db, verifier, now, origin, local, webhooks } = deps;
  return {
    ...makeKeyGuards(deps),
    webhooks: makeWebhookGuards(webhooks, now),
    checkAddress(request) {
      if (local !== null && !isLocalRequest(request, origin)) throw appError("local_identity_refused");
    },
    checkOrigin({ method = "GET", headers }, access) {
      if (!isFromOwnOrigin({ method, headers, access, origin })) throw appError("wrong_origin");
    },
    async verifySession(token) {
      if (token === null) throw appError("not_signed_in");
      return verifier.verify(token);
    },
    async checkSession(claims) {
      let state = await readSessionState(db, claims);
      if (state.userState === null && local === null) {
        await admitClerkUser(db, claims);
        state = await readSessionState(db, claims);
      }
      assertSessionLive(state);
      // Our own issuer's sessions are all in the table: a token of one that is not there belongs to nothing.
      if (local !== null && !state.hasSession) throw appError("session_expired");
    },
    checkOperator(role) {
      if (role !== "operator") throw appError("forbidden");
    },
    checkOwnership(userId, agent) {
      if (agent === null || agent.userId !== userId) throw appError("agent_not_found");
      return agent;
    },
    async spendStartToken(token) {
      const link = local === null ? null : readStartToken(local.startKey, token, now());
      if (link === null || !(await spendNonce(db, link, now()))) throw appError("start_link_invalid");
    },
    checkAdmission(admission) {
      const isAdmitted = local !== null && admission !== null && isAdmission(local.startKey, admission, now());
      if (!isAdmitted) throw appError("browser_not_admitted");
    },
  };
}
