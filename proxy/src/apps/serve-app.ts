import { AGENTD_APPS_PREFIX } from "@automna/contract/agentd";
import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import { HttpExchange, type HttpFailure } from "../ingress/http-exchange.ts";
import type { BackendConnections } from "../ingress/backend-connections.ts";
import { phaseAnswer, unavailable } from "../ingress/phase-answers.ts";
import type { Backend } from "../ingress/route.ts";
import type { AppGuards } from "./app-guards.ts";
import type { AppLimits, Counters } from "./app-limits.ts";
import { answerHidden, answerRefusal, answerResting } from "./app-pages.ts";
import type { SiteVisit } from "./app-visit.ts";
import type { Sites } from "./sites.ts";
import type { Visit } from "./visibility.ts";
import type { AppWaking } from "./app-waking.ts";

export interface ServeDeps {
  guards: Pick<AppGuards, "requestHeaders" | "responseHeaders">;
  sites: Pick<Sites, "get" | "invalidate">;
  connections: BackendConnections;
  counters: Pick<Counters, "begin">;
  limits: Pick<AppLimits, "fileMaxBytes">;
  waking: AppWaking;
  /** Somebody should know that an agent that should answer does not. */
  report: (error: unknown, requestId: string) => void;
}

export interface FileVisit extends SiteVisit {
  path: string;
  verdict: Extract<Visit, { kind: "serve" }>;
}

/** Answers with a file from the agent; or, when that does not answer now, with a page that says so. */
export async function serveApp(deps: ServeDeps, file: FileVisit): Promise<void> {
  const { visit, host, site } = file;
  const backend = site.phase === "ready" ? site.backend : null;
  if (backend === null) return answerAbsent(deps, file);
  const leave = deps.counters.begin(host.label, visit.address);
  visit.response.on("close", () => leave(visit.tally.bytesOut));
  if (visit.response.destroyed) return;
  forward(deps, file, backend, (failure) => {
    if (!isWorthAnother(failure)) return fail(deps, file, failure.error);
    deps.sites.invalidate(site.userId);
    tryAgain(deps, file).catch((error: unknown) => fail(deps, file, error));
  });
}

async function tryAgain(deps: ServeDeps, file: FileVisit): Promise<void> {
  const again = await deps.sites.get(file.host.handle);
  const backend = again?.phase === "ready" && again.agentId === file.site.agentId ? again.backend : null;
  if (backend === null) throw unavailable();
  forward(deps, file, backend, ({ error }) => fail(deps, file, error));
}

function forward(deps: ServeDeps, file: FileVisit, backend: Backend, onFailed: (failure: HttpFailure) => void): void {
  const { visit, host, path, verdict } = file;
  const { request, response, requestId, tally } = visit;
  new HttpExchange(request, response, {
    pool: deps.connections.pool(backend),
    host: `${backend.host}:${backend.port}`,
    method: request.method ?? "GET",
    path: `${AGENTD_APPS_PREFIX}${host.name}${path}`,
    headers: deps.guards.requestHeaders(request.headers, backend, requestId),
    hasBody: false,
    bodyMaxBytes: 0,
    tally,
    toResponseHeaders(status, headers) {
      visit.answered();
      // An app that nobody has told us of, and the agent neither: as if the address had never been given out.
      if (status === 404 && !verdict.isKnown) throw appError("not_found");
      const { isPublic } = verdict;
      return deps.guards.responseHeaders(headers, { requestId, status, isPublic, maxBytes: deps.limits.fileMaxBytes });
    },
    onFailed,
  }).start();
}

/** Reading twice does no harm; our own verdict on an answer stays the same. */
function isWorthAnother({ error, wasSent, wasKept }: HttpFailure): boolean {
  if (isAppError(error)) return false;
  return !wasSent || wasKept;
}

function fail(deps: ServeDeps, { visit }: FileVisit, error: unknown): void {
  const { response, requestId } = visit;
  if (response.destroyed) return;
  if (isAppError(error, "not_found")) return answerHidden(response, requestId);
  const shown = isAppError(error) ? error : unavailable(error);
  visit.refused(shown);
  deps.report(shown, requestId);
  answerRefusal(response, requestId, shown);
}

async function answerAbsent(deps: ServeDeps, { visit, site, verdict }: FileVisit): Promise<void> {
  const { response, requestId } = visit;
  if (!verdict.isKnown) return answerHidden(response, requestId);
  const { error, outlook } = phaseAnswer(site.phase) ?? { error: unavailable(), outlook: "coming" as const };
  const isComing = outlook === "coming" || (outlook === "asleep" && (await deps.waking.wake(site, verdict.isPublic)));
  visit.refused(error);
  answerResting(response, requestId, error, isComing);
}
