import { createHash, randomBytes } from "node:crypto";
import { appOrigin, enterAppUrl, foundAppSchema, type AppView } from "@automna/contract/apps";
import { appError } from "@automna/contract/error-catalogue";
import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import { findAgent, type AgentRecord } from "@automna/records/agents";
import type { Database } from "@automna/records/database";
import { hashPassword } from "@automna/service-kit/password-hash";
import type { Call, Handlers } from "../http/routes.ts";
import type { Guards } from "../identity/guards.ts";
import { readSessionToken } from "../identity/session-token.ts";
import { changeApp, listApps, rememberApps, storeTicket, type AppRow } from "./app-records.ts";
import { changeHandle, ensureHandle } from "./handles.ts";
import type { ListPublished } from "./list-published.ts";

/** Where apps are served, and how agents are asked for theirs. */
export interface AppsSite {
  /** Scheme, domain and port of all apps. */
  origin: string;
  listPublished: ListPublished;
}

export interface AppHandlerDeps {
  db: Database;
  guards: Pick<Guards, "checkOwnership">;
  /** Null = apps are not served here. */
  apps: AppsSite | null;
  /** Password hashes and tickets cost something. */
  limitApps: (userId: string) => void;
  now: Clock;
}

/** A browser follows the address at once. */
const TICKET_MS = MINUTE_MS;
const TICKET_BYTES = 32;

export function makeAppHandlers(deps: AppHandlerDeps): Pick<Handlers, "listApps" | "putApp" | "openApp" | "putHandle"> {
  const { db, now, limitApps } = deps;
  return {
    async listApps(call) {
      const agent = await findOwnAgent(deps, call);
      const { origin, listPublished } = siteOf(deps);
      const handle = await ensureHandle(db, agent.userId);
      const token = readSessionToken(call.request.headers) ?? "";
      const found = agent.phase === "ready" ? await listPublished({ userId: agent.userId, token }, call.signal) : null;
      if (found !== null) await rememberApps(db, agent, found, new Date(now()));
      const apps = await listApps(db, agent.id);
      const askedAtMs = found === null ? lastSeenMs(apps) : now();
      return {
        handle,
        apps: apps.map((app) => toAppView(app, origin, handle)),
        askedAtMs,
        isCurrent: found !== null,
      };
    },
    async putApp(call) {
      const { body, params, caller } = call;
      const agent = await findOwnAgent(deps, call);
      const { origin } = siteOf(deps);
      limitApps(caller.userId);
      const { password, ...change } = body;
      const passwordHash = password === undefined ? undefined : await hashPassword(password);
      const app = await changeApp(db, agent, params.name, { ...change, passwordHash });
      return { app: toAppView(app, origin, await ensureHandle(db, agent.userId)) };
    },
    async openApp(call) {
      const { params, caller } = call;
      const agent = await findOwnAgent(deps, call);
      const { origin } = siteOf(deps);
      limitApps(caller.userId);
      const app = (await listApps(db, agent.id)).find(({ name }) => name === params.name);
      if (app === undefined) throw appError("app_not_found");
      const own = appOrigin(origin, app.name, await ensureHandle(db, agent.userId));
      if (app.visibility === "public") return { url: `${own}/` };
      const ticket = randomBytes(TICKET_BYTES).toString("base64url");
      const hash = createHash("sha256").update(ticket).digest();
      const { userId, sessionId } = caller;
      const expiresAt = new Date(now() + TICKET_MS);
      await storeTicket(db, { hash, agentId: agent.id, name: app.name, userId, sessionId, expiresAt }, new Date(now()));
      return { url: enterAppUrl(own, ticket) };
    },
    async putHandle({ body, caller }) {
      limitApps(caller.userId);
      await changeHandle(db, caller.userId, body.handle, new Date(now()));
      return { handle: body.handle };
    },
  };
}

/** The agent of the path. Throws `agent_not_found` unless it is the caller's. */
async function findOwnAgent(
  { db, guards }: AppHandlerDeps,
  { params, caller }: Pick<Call<"listApps">, "params" | "caller">,
): Promise<AgentRecord> {
  return guards.checkOwnership(caller.userId, await findAgent(db, params.agentId));
}

function siteOf({ apps }: AppHandlerDeps): AppsSite {
  if (apps === null) throw appError("apps_unavailable");
  return apps;
}

function lastSeenMs(apps: readonly AppRow[]): number | null {
  return apps.length === 0 ? null : Math.max(...apps.map(({ seenAt }) => seenAt.getTime()));
}

function toAppView(app: AppRow, origin: string, handle: string): AppView {
  return {
    ...foundAppSchema.parse(app),
    url: `${appOrigin(origin, app.name, handle)}/`,
    isOn: app.isOn,
    visibility: app.visibility,
    hasPassword: app.passwordHash !== null,
  };
}
