import type { IncomingMessage } from "node:http";
import { readBearerKey } from "@automna/service-kit/api-key";
import type { SessionVerifier } from "@automna/service-kit/session-verifier";
import type { Clock } from "@automna/core/shared/clock";
import { assertOwner, makeSessionCheck, type Caller } from "./authorize.ts";
import type { BackendProof } from "./backend-connections.ts";
import { proveBackend } from "./backend-proof.ts";
import { judgeBrowserRequest, type BrowserVerdict } from "./browser-rules.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { assertOwnOrigin, assertOwnSocketOrigin } from "./origin-rules.ts";
import { assertFraming } from "./request-framing.ts";
import { backendRequestHeaders } from "./request-headers.ts";
import { makeKeyCheck, showsKeyAlone, type ApiKeys } from "./key-callers.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";

/**
 * Every check between a request and an agent. Each throws the AppError that refuses. They are values, so that an
 * attack can be shown to succeed against the same ingress with one of them replaced.
 */
export interface IngressGuards {
  framing: (request: IncomingMessage) => void;
  target: (raw: string) => RequestTarget;
  browser: (request: IncomingMessage, target: RequestTarget) => BrowserVerdict;
  origin: (request: IncomingMessage) => void;
  socketOrigin: (request: IncomingMessage) => void;
  session: (request: IncomingMessage, target: RequestTarget) => Caller | Promise<Caller>;
  ownership: (caller: Caller, target: RequestTarget) => void;
  requestHeaders: typeof backendRequestHeaders;
  backendProof: BackendProof;
}

export interface IngressGuardsDeps {
  verifier: SessionVerifier;
  ended: EndedSessions;
  /** The public origin that pages and sockets must come from. */
  origin: string;
  now: Clock;
  /** Without it no API key opens anything. */
  keys?: ApiKeys | undefined;
}

/** The real ones. */
export function makeIngressGuards({ verifier, ended, origin, now, keys }: IngressGuardsDeps): IngressGuards {
  const checkSession = makeSessionCheck({ verifier, ended, now });
  const checkKey = keys === undefined ? null : makeKeyCheck({ keys, ended, now });
  return {
    framing: assertFraming,
    target: parseRequestTarget,
    browser: judgeBrowserRequest,
    origin: (request) => assertOwnOrigin(request, origin),
    socketOrigin({ headers }) {
      if (checkKey === null || !showsKeyAlone(headers)) assertOwnSocketOrigin(headers, origin);
    },
    session(request, target) {
      const key = checkKey === null ? null : readBearerKey(request.headers.authorization);
      return checkKey === null || key === null ? checkSession(request.headers) : checkKey(request, key, target);
    },
    ownership: assertOwner,
    requestHeaders: backendRequestHeaders,
    backendProof: proveBackend,
  };
}
