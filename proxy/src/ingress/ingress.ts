import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { appError } from "@automna/contract/error-catalogue";
import type { Clock } from "@automna/core/shared/clock";
import type { RouteRecord } from "@automna/records/routes";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import type { KeyRing } from "@automna/service-kit/secret-box";
import type { SessionVerifier } from "@automna/service-kit/session-verifier";
import type { Peers } from "../workers/peers.ts";
import { makeAdmission } from "./admission.ts";
import { makeActivity, type ActivityOptions } from "./activity.ts";
import { makeBackendConnections } from "./backend-connections.ts";
import { drain, type DrainTimes } from "./drain.ts";
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
import { refuseRequest, refuseUpgrade } from "./refuse.ts";
import { makeRoutes } from "./routes.ts";
import { makeIngressServer, type Presence } from "./server.ts";
import { makeSeenSessions, type TellSessionSeen } from "./seen-sessions.ts";
import { makeSharedUsage, type UsageMessage } from "./shared-usage.ts";
import { makeWaking } from "./waking.ts";
import type { WakeAgent } from "./waking-agents.ts";

export interface IngressDeps {
  /** records/routes.findRoute and records/sessions.listEndedSessions, bound to ingress's own connections. */
  findRoute: (userId: string) => Promise<RouteRecord | null>;
  listEndedSessions: (sinceMs: number) => Promise<string[]>;
  /** Without it nobody else is told of fresh tokens. */
  tellSessionSeen?: TellSessionSeen;
  /** Without it no API key opens anything. */
  apiKeys?: ApiKeys;
  listener: NotifyListener;
  /** The other workers of this machine, if there are any: a user's limits then hold for all together. */
  peers?: Peers<UsageMessage> | null;
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
  /** Notes who needed their agents; without it nobody's rest is put off by traffic. */
  recordActivity?: ActivityOptions["record"];
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
  /** Leaves: see drain.ts. Resolves when everything is closed. */
  drain: (times: DrainTimes) => Promise<void>;
}

/** Puts the ingress together; it opens and closes what it makes, and none of what it is given. */
export function makeIngress(deps: IngressDeps): Ingress {
  const { listener, verifier, origin, log, now, wakeAgent = async () => false } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const held = makeHeldConnections({ now, onCount: (userId) => usage?.touched(userId, 0) });
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
  const { peers = null, tellSessionSeen: tell = async () => undefined } = deps;
  const usage = peers === null ? null : makeSharedUsage({ peers, held, rateLimit });
  const { recordActivity: record } = deps;
  const activity = record === undefined ? null : makeActivity({ record, holders: held.users, log, now });
  const sessions = makeSeenSessions({ tell, listener, held, log });
  const admission = makeAdmission({
    guards,
    routes,
    held,
    waking,
    limits,
    rateLimit,
    usage,
    sessions,
    activity,
    origin,
  });
  const handlers: HandlerDeps = {
    admission,
    held,
    connections,
    heartbeat,
    newRequestId: deps.newRequestId,
    onPassage: deps.onPassage ?? (() => undefined),
    report: makeRefusalReport(log),
  };

  let leaving: "announced" | "closed" | null = null;
  const presence = (): Presence => (leaving !== null ? "leaving" : ended.isKnown() ? "ready" : "starting");
  const server = makeIngressServer({
    request: (request, response, mayContinue) => void handleRequest(handlers, request, response, mayContinue),
    upgrade(request, socket, head) {
      // Over a connection from before; a new socket would only be told to connect again.
      if (leaving === "closed") refuseUpgrade(socket, appError("service_unavailable"), deps.newRequestId());
      else void handleUpgrade(handlers, request, socket, head);
    },
    refuse: (response, error) => refuseRequest(response, error, deps.newRequestId()),
    presence,
  });

  return {
    underWay: held.size,
    counts: { active: held.total, waiting: waking.waiting, routeLookups: () => routes.counts },
    async listen(host, port) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async drain(times) {
      const closed = new Promise<void>((resolve) => server.once("close", resolve));
      const parts = {
        held,
        announce: () => void (leaving = "announced"),
        stopListening() {
          leaving = "closed";
          server.close();
        },
        closeIdle: () => server.closeIdleConnections(),
        now,
      };
      await drain(parts, times);
      server.closeAllConnections();
      for (const part of [ended, sessions, usage, follower, routes, held, heartbeat]) part?.close();
      connections.close();
      await activity?.close();
      await closed;
    },
  };
}
