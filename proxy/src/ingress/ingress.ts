import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@automna/core/shared/clock";
import type { RouteRecord } from "@automna/records/routes";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { KeyRing } from "@automna/service-kit/secret-box";
import type { SessionVerifier } from "@automna/service-kit/session-verifier";
import { makeAdmission } from "./admission.ts";
import { makeBackendConnections } from "./backend-connections.ts";
import { makeEndedSessions } from "./ended-sessions.ts";
import { makeRouteFollower } from "./follow-routes.ts";
import { makeIngressGuards, type IngressGuards } from "./guards.ts";
import { handleRequest, type HandlerDeps } from "./handle-request.ts";
import { handleUpgrade } from "./handle-upgrade.ts";
import { HEARTBEAT_MS, makeHeartbeat } from "./heartbeat.ts";
import { makeHeldConnections } from "./held-connections.ts";
import type { ApiKeys } from "./key-callers.ts";
import { makeRateLimit } from "./limits-rate.ts";
import { defaultLimits, type IngressLimits } from "./limits.ts";
import type { MetricSources } from "./metrics.ts";
import type { Passage } from "./passage.ts";
import { makeRefusalReport } from "./refusal-report.ts";
import { refuseRequest } from "./refuse.ts";
import { makeRoutes } from "./routes.ts";
import { makeIngressServer } from "./server.ts";
import { makeWaking } from "./waking.ts";
import type { WakeAgent } from "./waking-agents.ts";

export interface IngressDeps {
  /** records/routes.findRoute and records/sessions.listEndedSessions, bound to ingress's own connections. */
  findRoute: (userId: string) => Promise<RouteRecord | null>;
  listEndedSessions: (sinceMs: number) => Promise<string[]>;
  /** Without it no API key opens anything. */
  apiKeys?: ApiKeys;
  listener: NotifyListener;
  verifier: SessionVerifier;
  /** Opens the slots' ingress keys. */
  ring: KeyRing;
  /** The public origin, e.g. `https://app.example`. */
  origin: string;
  newRequestId: () => string;
  /** How often both ends of a socket are looked after; silent ones are pinged. */
  heartbeatMs?: number;
  /** Without it nobody is woken: an agent that is asleep was stopped by its owner. */
  wakeAgent?: WakeAgent;
  limits?: Partial<IngressLimits>;
  /** Told of each request and upgrade when it has ended: for the access log and the metrics. */
  onPassage?: (passage: Passage, endedAt: number) => void;
  log: Logger;
  now: Clock;
  /** For attacks that have to succeed with one check replaced; without it all checks are the real ones. */
  replaceGuards?: (guards: IngressGuards) => IngressGuards;
}

export interface Ingress {
  listen: (host: string, port: number) => Promise<number>;
  /** Requests and sockets under way. */
  underWay: () => number;
  counts: MetricSources;
  /** Takes no more connections, tells sockets to connect again, waits for requests up to `timeoutMs`, then cuts. */
  drain: (timeoutMs: number) => Promise<void>;
}

/** Puts the ingress together; it opens and closes what it makes, and none of what it is given. */
export function makeIngress(deps: IngressDeps): Ingress {
  const { listener, verifier, origin, log, now, wakeAgent = async () => false } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const held = makeHeldConnections({ now });
  const follower = makeRouteFollower({ routes: () => routes, held, log });
  const onChanged = (userId: string | null) => {
    follower.follow(userId);
    waking.changed(userId);
  };
  const routes = makeRoutes({ find: deps.findRoute, ring: deps.ring, listener, onChanged, log, now });
  const waking = makeWaking({ routes, wakeAgent, limits, now });
  const onEnded = (sessionId: string) => {
    verifier.forget(sessionId);
    held.endSession(sessionId);
  };
  const ended = makeEndedSessions({ list: deps.listEndedSessions, listener, onEnded, log, now });
  const real = makeIngressGuards({ verifier, ended, origin, now, keys: deps.apiKeys });
  const guards = deps.replaceGuards?.(real) ?? real;
  const connections = makeBackendConnections({ prove: guards.backendProof, now });
  const heartbeat = makeHeartbeat(deps.heartbeatMs ?? HEARTBEAT_MS);
  const rateLimit = makeRateLimit(limits, now);
  const admission = makeAdmission({ guards, routes, held, waking, limits, rateLimit, origin });
  const handlers: HandlerDeps = {
    admission,
    held,
    connections,
    heartbeat,
    newRequestId: deps.newRequestId,
    onPassage: deps.onPassage ?? (() => undefined),
    report: makeRefusalReport(log),
  };

  let isDraining = false;
  const server = makeIngressServer({
    request: (request, response, mayContinue) => void handleRequest(handlers, request, response, mayContinue),
    upgrade: (request, socket, head) => void handleUpgrade(handlers, request, socket, head),
    refuse: (response, error) => refuseRequest(response, error, deps.newRequestId()),
    isDraining: () => isDraining,
  });

  const waitUntilEmpty = async (timeoutMs: number) => {
    const untilMs = now() + timeoutMs;
    while (held.size() > 0 && now() < untilMs) await sleep(20);
  };

  return {
    underWay: held.size,
    counts: { active: held.total, waiting: waking.waiting, routeLookups: () => routes.counts },
    async listen(host, port) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async drain(timeoutMs) {
      isDraining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      held.endSockets("draining");
      await waitUntilEmpty(timeoutMs);
      held.endAll("draining");
      server.closeAllConnections();
      for (const part of [ended, follower, routes, held, heartbeat]) part.close();
      await Promise.all([connections.close(), closed]);
    },
  };
}
