import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { appError } from "@automna/contract/error-catalogue";
import { MINUTE_MS } from "@automna/core/shared/clock";
import { makeBackendConnections } from "../ingress/backend-connections.ts";
import { makeRefusalReport } from "../ingress/refusal-report.ts";
import { refuseUpgrade } from "../ingress/refuse.ts";
import type { DrainTimes } from "../ingress/drain.ts";
import { makeIngressServer } from "../ingress/server.ts";
import type { WakeAgent } from "../ingress/waking-agents.ts";
import { makeAppGuards, type AppGuards } from "./app-guards.ts";
import { defaultAppLimits, makeCounters, type AppLimits } from "./app-limits.ts";
import type { AppMetricSources } from "./app-metrics.ts";
import { answerRefusal } from "./app-pages.ts";
import { AppVisit } from "./app-visit.ts";
import { makeAppWaking } from "./app-waking.ts";
import { handleVisit, type VisitDeps } from "./handle-visit.ts";
import { makePasswordCheck } from "./password-form.ts";
import { makeSites, type SitesOptions } from "./sites.ts";

export interface AppsListenerDeps extends SitesOptions, Pick<VisitDeps, "redeemTicket"> {
  /** Scheme, domain and port of all apps. */
  appsOrigin: string;
  /** Seals the passes of visitors; the same in all processes. */
  passKey: string;
  newRequestId: () => string;
  /** Header in which an edge that we trust writes the visitor's address; without it, the connection's. */
  addressHeader?: string | undefined;
  /** Without it nobody is woken: an agent that is asleep was stopped by its owner. */
  wakeAgent?: WakeAgent;
  limits?: Partial<AppLimits>;
  onVisit?: (visit: AppVisit) => void;
  /** For attacks that have to succeed with one check replaced; without it all checks are the real ones. */
  replaceGuards?: (guards: AppGuards) => AppGuards;
}

export interface AppsListener {
  /** What metrics read when somebody asks. */
  counts: AppMetricSources;
  listen: (host: string, port: number) => Promise<number>;
  /** Says that it is leaving, then takes no more connections, waits for what is under way until the time is over, and cuts. */
  drain: (times: DrainTimes) => Promise<void>;
}

/** A visitor who takes nothing of a file for so long is gone, or holds a place on purpose. */
const SILENCE_MS = MINUTE_MS;
const CONNECTIONS_MAX = 10_000;

/** Puts the apps listener together; it opens and closes what it makes, and none of what it is given. */
export function makeAppsListener(deps: AppsListenerDeps): AppsListener {
  const { log, now, wakeAgent = async () => false, onVisit = () => undefined } = deps;
  const limits = { ...defaultAppLimits, ...deps.limits };
  const real = makeAppGuards({ appsOrigin: deps.appsOrigin, key: deps.passKey, now });
  const guards = deps.replaceGuards?.(real) ?? real;
  const sites = makeSites(deps);
  const connections = makeBackendConnections({ prove: guards.backendProof, now });
  const visitDeps: VisitDeps = {
    guards,
    sites,
    connections,
    limits,
    counters: makeCounters(limits, now),
    waking: makeAppWaking({ wakeAgent, now }),
    redeemTicket: deps.redeemTicket,
    checkPassword: makePasswordCheck(),
    report: makeRefusalReport(log),
  };
  const underWay = new Set<AppVisit>();
  let isDraining = false;

  const server = makeIngressServer({
    request(request, response, mayContinue) {
      const visit = new AppVisit(request, response, {
        requestId: deps.newRequestId(),
        address: addressOf(request, deps.addressHeader),
      });
      underWay.add(visit);
      response.on("close", () => {
        underWay.delete(visit);
        onVisit(visit);
      });
      void handleVisit(visitDeps, visit, mayContinue);
    },
    upgrade: (_request, socket) => refuseUpgrade(socket, appError("not_found"), deps.newRequestId()),
    refuse: (response, error) => answerRefusal(response, deps.newRequestId(), error),
    presence: () => (isDraining ? "leaving" : "ready"),
  });
  server.timeout = SILENCE_MS;
  server.maxConnections = CONNECTIONS_MAX;

  return {
    counts: { active: () => underWay.size, lookups: () => sites.counts },
    async listen(host, port) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async drain({ noticeMs, timeoutMs }) {
      isDraining = true;
      const untilMs = now() + timeoutMs;
      await sleep(Math.min(noticeMs, timeoutMs));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      while (underWay.size > 0 && now() < untilMs) await sleep(20);
      server.closeAllConnections();
      sites.close();
      connections.close();
      await closed;
    },
  };
}

function addressOf(request: IncomingMessage, header: string | undefined): string {
  const told = header === undefined ? undefined : request.headers[header];
  return (typeof told === "string" ? told : request.socket.remoteAddress) ?? "unknown";
}
