import type { IncomingMessage, ServerResponse } from "node:http";
import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import type { Caller } from "./authorize.ts";
import { answerBrowser } from "./browser-answers.ts";
import type { BrowserVerdict } from "./browser-rules.ts";
import type { IngressGuards } from "./guards.ts";
import type { Held, HeldConnections } from "./held-connections.ts";
import type { RequestTarget } from "./request-target.ts";
import type { RateLimit } from "./limits-rate.ts";
import type { IngressLimits } from "./limits.ts";
import type { OwnHeaders } from "./request-headers.ts";
import type { Backend } from "./route.ts";
import type { Routes } from "./routes.ts";
import type { SeenSessions } from "./seen-sessions.ts";
import type { Activity } from "./activity.ts";
import type { SharedUsage } from "./shared-usage.ts";
import { readUpgradeKey } from "./upgrade-handshake.ts";
import { answerWaking } from "./waking-page.ts";
import type { Wait, Waking } from "./waking.ts";

export interface AdmissionDeps {
  guards: IngressGuards;
  routes: Routes;
  held: HeldConnections;
  waking: Waking;
  limits: Pick<IngressLimits, "underWay" | "bodyMaxBytes">;
  rateLimit: RateLimit;
  /** Null when this is the only process. */
  usage: SharedUsage | null;
  sessions: SeenSessions;
  /** Told of each call that is let in. */
  activity: Pick<Activity, "touched"> | null;
  /** The public origin. */
  origin: string;
}

export interface Admitted {
  target: RequestTarget;
  caller: Caller;
}

interface Asked {
  target: RequestTarget;
  kind: Held["kind"];
}

export type Admission = ReturnType<typeof makeAdmission>;

/** The guards in their order, for requests and for upgrades. Everything throws the AppError that refuses. */
export function makeAdmission(deps: AdmissionDeps) {
  const { guards, routes, held, waking, limits, rateLimit, usage, sessions, activity, origin } = deps;
  const { protocol, host } = new URL(origin);
  const proto = protocol.slice(0, -1);

  const admit = (caller: Caller, request: IncomingMessage, { target, kind }: Asked): Admitted => {
    sessions.seen(caller);
    guards.ownership(caller, target);
    const underWay = held.count(target.userId, kind) + (usage?.elsewhere(target.userId, kind) ?? 0);
    if (underWay >= limits.underWay[kind])
      throw appError("too_many_requests", { details: { limit: kind, retryAfterS: 1 } });
    rateLimit(target.userId);
    usage?.touched(target.userId, 1);
    activity?.touched(target.userId);
    if (Number(request.headers["content-length"] ?? 0) > limits.bodyMaxBytes) throw bodyTooLarge(limits);
    return { caller, target };
  };

  const authorize = (request: IncomingMessage, asked: Asked): Admitted | Promise<Admitted> => {
    const caller = guards.session(request, asked.target);
    if (caller instanceof Promise) return caller.then((found) => admit(found, request, asked));
    return admit(caller, request, asked);
  };

  /** What a person sees who opens the app of an agent that doesn't answer yet; null = nothing that is worth waiting for. */
  const lookBeforeRedirect = async (request: IncomingMessage, target: RequestTarget) => {
    try {
      guards.ownership(await guards.session(request, target), target);
      const found = await waking.look(target.userId);
      return found.isReady || found.outlook === "over" ? null : { outlook: found.outlook, error: found.error };
    } catch (error) {
      // Not signed in, not theirs, not known at the moment: the dashboard says what there is to say.
      if (isAppError(error)) return null;
      throw error;
    }
  };

  const answerInstead = async (
    request: IncomingMessage,
    response: ServerResponse,
    { target, verdict }: { target: RequestTarget; verdict: Exclude<BrowserVerdict, { kind: "forward" }> },
  ) => {
    const waiting = verdict.kind === "redirect" ? await lookBeforeRedirect(request, target) : null;
    if (waiting === null) answerBrowser(response, verdict);
    else answerWaking(response, waiting.outlook, waiting.error);
    return null;
  };

  return {
    bodyMaxBytes: limits.bodyMaxBytes,
    findBackend: ({ userId }: RequestTarget): Backend | Promise<Backend> => waking.find(userId),
    /** The backend of an agent that answers, or null; wakes nobody. */
    async lookForBackend({ userId }: RequestTarget): Promise<Backend | null> {
      const found = await waking.look(userId);
      return found.isReady ? found.backend : null;
    },
    holdForBackend: ({ userId }: RequestTarget, wait: Wait): Promise<Backend> => waking.hold(userId, wait),

    /** After an address did not answer: what is remembered of the route is not trusted again. */
    async findBackendAgain(target: RequestTarget): Promise<Backend> {
      routes.invalidate(target.userId);
      return waking.find(target.userId);
    },

    /** Null when the browser was answered here. */
    request(request: IncomingMessage, response: ServerResponse): Admitted | null | Promise<Admitted | null> {
      guards.framing(request);
      const target = guards.target(request.url ?? "");
      const verdict = guards.browser(request, target);
      if (verdict.kind !== "forward") {
        return answerInstead(request, response, { target, verdict });
      }
      guards.origin(request);
      return authorize(request, { target, kind: "http" });
    },

    async upgrade(request: IncomingMessage): Promise<Admitted & { key: string }> {
      guards.framing(request);
      const target = guards.target(request.url ?? "");
      const key = readUpgradeKey(request);
      guards.socketOrigin(request);
      return { ...(await authorize(request, { target, kind: "websocket" })), key };
    },

    /** The request's headers as a backend may see them. */
    requestHeaders(
      request: IncomingMessage,
      backend: Backend,
      { userId, requestId, trace }: Pick<OwnHeaders, "userId" | "requestId" | "trace">,
    ): string[] {
      const clientAddress = request.socket.remoteAddress ?? "unknown";
      return guards.requestHeaders(request, {
        ingressKey: backend.ingressKey,
        userId,
        clientAddress,
        proto,
        host,
        requestId,
        trace,
      });
    },
  };
}

function bodyTooLarge({ bodyMaxBytes }: Pick<IngressLimits, "bodyMaxBytes">) {
  return appError("body_too_large", { details: { maxBytes: bodyMaxBytes } });
}
