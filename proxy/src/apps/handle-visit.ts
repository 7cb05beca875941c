import { createHash } from "node:crypto";
import { errorAnswerFor } from "@automna/contract/error-body";
import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import type { RedeemedTicket } from "@automna/records/apps";
import { retryAfterSeconds } from "../ingress/phase-answers.ts";
import type { AppGuards } from "./app-guards.ts";
import type { Counters } from "./app-limits.ts";
import { answerHidden, answerPasswordPage, answerRefusal, redirectTo } from "./app-pages.ts";
import type { PassFor } from "./app-pass.ts";
import type { AppTarget } from "./app-target.ts";
import type { AppVisit, SiteVisit } from "./app-visit.ts";
import { readPasswordForm } from "./password-form.ts";
import { serveApp, type ServeDeps } from "./serve-app.ts";
import type { Sites } from "./sites.ts";
import { settingsOf, type Visitor } from "./visibility.ts";

export interface VisitDeps extends Omit<ServeDeps, "guards" | "sites" | "counters"> {
  guards: AppGuards;
  sites: Sites;
  counters: Counters;
  redeemTicket: (hash: Buffer) => Promise<RedeemedTicket | null>;
  checkPassword: (password: string, hash: string) => Promise<boolean>;
}

/** The way of one request through the apps listener. Never rejects. */
export async function handleVisit(deps: VisitDeps, visit: AppVisit, mayContinue: boolean): Promise<void> {
  const { response, requestId } = visit;
  try {
    await admit(deps, visit, mayContinue);
  } catch (error) {
    visit.refused(error);
    if (isAppError(error, "not_found")) return answerHidden(response, requestId);
    deps.report(error, requestId);
    answerRefusal(response, requestId, error);
  }
}

/** The guards in their order: nothing is looked up for a request that is not whole, nor for a host that is none of ours. */
async function admit(deps: VisitDeps, visit: AppVisit, mayContinue: boolean): Promise<void> {
  const { guards, counters, sites } = deps;
  const { request, response, requestId } = visit;
  guards.framing(request);
  counters.address(visit.address);
  const target = guards.target(request.url ?? "");
  visit.kind = target.kind;
  assertMethod(target, request.method ?? "");
  guards.serviceWorker(request);
  const host = guards.host(request.headers.host);
  if (host === null) return answerHidden(response, requestId);
  counters.app(host.label);
  const site = await sites.get(host.handle);
  if (site === null) return answerHidden(response, requestId);
  visit.sited(site);
  const siteVisit = { visit, host, site };
  switch (target.kind) {
    case "file":
      return visitFile(deps, siteVisit, target.path);
    case "enter":
      return enter(deps, siteVisit, target.ticket);
    case "password":
      if (request.method !== "POST") return redirectTo(response, requestId, "/");
      if (mayContinue) response.writeContinue();
      return tryPassword(deps, siteVisit);
  }
}

function assertMethod(target: AppTarget, method: string): void {
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead && !(target.kind === "password" && method === "POST")) throw appError("method_not_allowed");
}

async function visitFile(deps: VisitDeps, siteVisit: SiteVisit, path: string): Promise<void> {
  const { guards, sites } = deps;
  const { visit, host, site } = siteVisit;
  const verdict = guards.visit(site, host.name, await findVisitor({ guards, sites }, siteVisit));
  switch (verdict.kind) {
    case "hidden":
      return answerHidden(visit.response, visit.requestId);
    case "ask password":
      return answerPasswordPage(visit.response, visit.requestId, { to: path });
    case "serve":
      if (!verdict.isPublic) guards.ownPage(visit.request);
      return serveApp(deps, { ...siteVisit, path, verdict });
  }
}

async function findVisitor(
  { guards, sites }: Pick<VisitDeps, "guards" | "sites">,
  { visit, host, site }: SiteVisit,
): Promise<Visitor> {
  const { cookie } = visit.request.headers;
  if (cookie === undefined) return "anybody";
  const sessionId = guards.passes.ownerSession(cookie, passFor({ visit, host, site }, site.userId));
  if (sessionId !== null && !(await sites.isSessionOver(sessionId))) return "owner";
  const hash = settingsOf(site, host.name)?.passwordHash ?? null;
  const knows = hash !== null && guards.passes.hasPassword(cookie, passFor({ visit, host, site }, hash));
  return knows ? "with password" : "anybody";
}

/** The owner comes from the dashboard with a ticket; their session stays there. */
async function enter(deps: VisitDeps, siteVisit: SiteVisit, ticket: string): Promise<void> {
  const { guards, sites } = deps;
  const { visit, host, site } = siteVisit;
  const redeemed = await deps.redeemTicket(createHash("sha256").update(ticket).digest());
  const isRight =
    redeemed !== null &&
    guards.ticket(redeemed, { userId: site.userId, agentId: site.agentId, name: host.name }) &&
    guards.visit(site, host.name, "owner").kind === "serve" &&
    !(await sites.isSessionOver(redeemed.sessionId));
  if (!isRight) return answerHidden(visit.response, visit.requestId);
  const pass = guards.passes.giveOwner(redeemed.sessionId, passFor(siteVisit, site.userId));
  redirectTo(visit.response, visit.requestId, "/", pass);
}

async function tryPassword(deps: VisitDeps, siteVisit: SiteVisit): Promise<void> {
  const { guards, counters } = deps;
  const { visit, host, site } = siteVisit;
  const { request, response, requestId } = visit;
  const hash = settingsOf(site, host.name)?.passwordHash ?? null;
  if (guards.visit(site, host.name, "anybody").kind !== "ask password" || hash === null)
    return answerHidden(response, requestId);
  guards.formOrigin(request, host);
  const { password, to } = await readPasswordForm(request);
  try {
    counters.attempt(host.label, visit.address);
    if (password === null || !(await deps.checkPassword(password, hash))) throw appError("app_password_wrong");
  } catch (error) {
    if (!isAppError(error, "app_password_wrong") && !isAppError(error, "too_many_requests")) throw error;
    visit.refused(error);
    const { status, body } = errorAnswerFor(error);
    const retryAfterS = retryAfterSeconds(error);
    return answerPasswordPage(response, requestId, { to, problem: body.error.message, status, retryAfterS });
  }
  redirectTo(response, requestId, to, guards.passes.givePassword(passFor(siteVisit, hash)));
}

function passFor({ host, site }: SiteVisit, by: string): PassFor {
  return { label: host.label, agentId: site.agentId, name: host.name, by };
}
