import type { IncomingMessage, ServerResponse } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import type { Caller } from "./authorize.ts";
import { answerBrowser } from "./browser-answers.ts";
import type { IngressGuards } from "./guards.ts";
import type { Held, HeldConnections } from "./held-connections.ts";
import type { RequestTarget } from "./request-target.ts";
import { assertForwardable, type Backend } from "./route.ts";
import type { Routes } from "./routes.ts";
import { readUpgradeKey } from "./upgrade-handshake.ts";

export interface AdmissionDeps {
  guards: IngressGuards;
  routes: Routes;
  held: HeldConnections;
  /** The public origin. */
  origin: string;
}

export interface Admitted {
  target: RequestTarget;
  caller: Caller;
}

/** Most sockets and requests under way of one user (429 beyond). */
const limits: Record<Held["kind"], number> = { websocket: 32, http: 128 };

export type Admission = ReturnType<typeof makeAdmission>;

/** The guards in their order, for requests and for upgrades. Everything throws the AppError that refuses. */
export function makeAdmission({ guards, routes, held, origin }: AdmissionDeps) {
  const { protocol, host } = new URL(origin);
  const proto = protocol.slice(0, -1);

  const authorize = async (request: IncomingMessage, target: RequestTarget, kind: Held["kind"]): Promise<Admitted> => {
    const caller = await guards.session(request, target);
    held.refresh(caller);
    guards.ownership(caller, target);
    if (held.count(target.userId, kind) >= limits[kind]) throw appError("too_many_requests");
    return { caller, target };
  };

  const findBackend = async ({ userId }: RequestTarget): Promise<Backend> =>
    assertForwardable(await routes.get(userId));

  return {
    findBackend,

    /** After an address did not answer: what is remembered of the route is not trusted again. */
    findBackendAgain(target: RequestTarget): Promise<Backend> {
      routes.invalidate(target.userId);
      return findBackend(target);
    },

    /** Null when the browser was answered here. */
    async request(request: IncomingMessage, response: ServerResponse): Promise<Admitted | null> {
      guards.framing(request);
      const target = guards.target(request.url ?? "");
      const verdict = guards.browser(request, target);
      if (verdict.kind !== "forward") {
        answerBrowser(response, verdict);
        return null;
      }
      guards.origin(request);
      return authorize(request, target, "http");
    },

    async upgrade(request: IncomingMessage): Promise<Admitted & { key: string }> {
      guards.framing(request);
      const target = guards.target(request.url ?? "");
      const key = readUpgradeKey(request);
      guards.socketOrigin(request);
      return { ...(await authorize(request, target, "websocket")), key };
    },

    /** The request's headers as a backend may see them. */
    requestHeaders(
      request: IncomingMessage,
      backend: Backend,
      { userId, requestId }: { userId: string; requestId: string },
    ): string[] {
      const clientAddress = request.socket.remoteAddress ?? "unknown";
      return guards.requestHeaders(request, {
        ingressKey: backend.ingressKey,
        userId,
        clientAddress,
        proto,
        host,
        requestId,
      });
    },
  };
}
