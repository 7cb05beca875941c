import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppVisibility } from "@automna/core/apps/app-settings";
import { createPrismaClient, type PrismaClient } from "@automna/prisma/client";
import { findAppSite, findHandleOwner, isSessionOver, redeemAppTicket } from "@automna/records/apps";
import { notify } from "@automna/records/database";
import { makeSilentLog } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import { makeNotifyListener } from "@automna/service-kit/notify";
import { newKeyRingJson, parseKeyRing, seal } from "@automna/service-kit/secret-box";
import { deriveSlotKey } from "@automna/service-kit/slot-keys";
import pg from "pg";
import type { AppMetricSources } from "../src/apps/app-metrics.ts";
import { makeAppsListener, type AppsListenerDeps } from "../src/apps/apps-listener.ts";
import { makeRequestIds } from "../src/request-ids.ts";

export const APPS_DOMAIN = "apps.test";
/** Seals the passes of all listeners of a test. */
export const PASS_KEY = "test-key-test-key-test-key-test-key";

/** A database of a test's own: as its superuser, and with the listener's rights. */
interface AppsDatabase {
  url: string;
  urlAs: (role: "automna_apps") => string;
}

/** What an agentd has to be for its apps to be served: real ones and stand-ins are. */
export interface AppBackend {
  port: number;
  slotId: string;
  agentId: string;
  rootKey: Buffer;
}

export interface AppOwner {
  userId: string;
  sessionId: string;
  agentId: string;
  handle: string;
  /** What the owner decided; told to the listener. */
  setApp: (name: string, settings?: AppSettings) => Promise<void>;
  setPhase: (phase: "ready" | "starting" | "asleep" | "failing") => Promise<void>;
  /** Another address of the same agent, as after a move. */
  setPort: (port: number) => Promise<void>;
  setUserState: (state: "active" | "suspended") => Promise<void>;
  /** As the dashboard's button "Open" makes one. */
  ticket: (name: string) => Promise<string>;
}

export interface AppSettings {
  isOn?: boolean;
  visibility?: AppVisibility;
  passwordHash?: string | null;
  isPresent?: boolean;
}

export interface VisitAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The pass that was given, as a Cookie header. */
  pass: string | null;
}

export interface AppsHarness extends AsyncDisposable {
  port: number;
  counts: AppMetricSources;
  db: PrismaClient;
  addOwner: (backend: AppBackend, handle?: string) => Promise<AppOwner>;
  /** Another listener's port may be given. */
  visit: (host: string, path: string, options?: VisitOptions, port?: number) => Promise<VisitAnswer>;
}

export interface VisitOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

type HarnessOptions = Partial<
  Pick<
    AppsListenerDeps,
    "wakeAgent" | "limits" | "onVisit" | "replaceGuards" | "addressHeader" | "redeemTicket" | "ring"
  >
>;

/** `<app>--<handle>` below the tests' apps domain. */
export function hostOf(name: string, { handle }: Pick<AppOwner, "handle">): string {
  return `${name}--${handle}.${APPS_DOMAIN}`;
}

/** The real listener over a real database, with its own role's rights. */
export async function startAppsListener(database: AppsDatabase, options: HarnessOptions = {}): Promise<AppsHarness> {
  const { ring = parseKeyRing(newKeyRingJson()) } = options;
  const db = createPrismaClient(database.url, { max: 2 });
  const pool = new pg.Pool({ connectionString: database.urlAs("automna_apps"), max: 3 });
  const listener = makeNotifyListener(database.urlAs("automna_apps"), makeSilentLog());
  const apps = makeAppsListener({
    findHandleOwner: (handle) => findHandleOwner(pool, handle),
    findSite: (userId) => findAppSite(pool, userId),
    isSessionOver: (sessionId) => isSessionOver(pool, sessionId),
    redeemTicket: (hash) => redeemAppTicket(pool, hash, new Date()),
    listener,
    appsOrigin: `http://${APPS_DOMAIN}`,
    passKey: PASS_KEY,
    newRequestId: makeRequestIds(),
    log: makeSilentLog(),
    now: Date.now,
    ...options,
    ring,
  });
  const port = await apps.listen("127.0.0.1", 0);
  while (!listener.isConnected()) await sleep(10);

  const tell = (userId: string, handle?: string) =>
    db.$transaction(async (tx) => {
      await notify(tx, "apps_changed", { userId });
      if (handle !== undefined) await notify(tx, "handle_changed", { handle });
    });

  return {
    port,
    counts: apps.counts,
    db,
    visit: (host, path, visitOptions, otherPort = port) => visit(otherPort, host, path, visitOptions),
    async addOwner(backend, handle = `owner-${randomBytes(5).toString("hex")}`) {
      const { slotId, agentId, rootKey } = backend;
      const [userId, sessionId] = [newId("user"), newId("sess")];
      const key = (purpose: "apps" | "proof") => deriveSlotKey(rootKey, purpose, slotId, 1);
      const keys = Buffer.from(JSON.stringify({ apps: key("apps"), proof: key("proof") }));
      const address = { host: "127.0.0.1", port: backend.port };
      await db.user.create({ data: { id: userId, email: `${userId}@example.org`, issuer: "test" } });
      await db.session.create({ data: { id: sessionId, userId, expiresAt: new Date(Date.now() + 3_600_000) } });
      await db.handle.create({ data: { handle, userId } });
      await db.slot.create({
        data: {
          id: slotId,
          nodeId: "local",
          ...address,
          rootKeyEnvelope: new Uint8Array(1),
          ingressKeyEnvelope: new Uint8Array(1),
          appsKeyEnvelope: Uint8Array.from(seal(ring, keys, { owner: slotId, kind: "slot_apps_keys" })),
          egressKeyHash: new Uint8Array(1),
        },
      });
      await db.agent.create({
        data: {
          id: agentId,
          userId,
          name: "A",
          modelSource: "demo",
          tier: "local",
          phase: "ready",
          slotId,
          backendType: "local",
          ...address,
        },
      });
      await tell(userId, handle);
      return {
        userId,
        sessionId,
        agentId,
        handle,
        async setApp(name, settings = {}) {
          const data = { isPresent: true, ...settings };
          await db.app.upsert({
            where: { agentId_name: { agentId, name } },
            create: { agentId, name, kind: "static", seenAt: new Date(), ...data },
            update: data,
          });
          await tell(userId);
        },
        async setPhase(phase) {
          await db.agent.update({ where: { id: agentId }, data: { phase } });
          await db.$transaction((tx) => notify(tx, "agent_changed", { agentId, userId }));
        },
        async setPort(port) {
          await db.agent.update({ where: { id: agentId }, data: { port } });
          await db.$transaction((tx) => notify(tx, "agent_changed", { agentId, userId }));
        },
        async setUserState(state) {
          await db.user.update({ where: { id: userId }, data: { state } });
          await db.$transaction((tx) => notify(tx, "user_changed", { userId }));
        },
        async ticket(name) {
          const ticket = randomBytes(32).toString("base64url");
          const hash = Uint8Array.from(createHash("sha256").update(ticket).digest());
          const expiresAt = new Date(Date.now() + 60_000);
          await db.appTicket.create({ data: { hash, agentId, name, userId, sessionId, expiresAt } });
          return ticket;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await apps.drain({ timeoutMs: 0, noticeMs: 0 });
      await Promise.all([listener.close(), pool.end(), db.$disconnect()]);
    },
  };
}

function visit(port: number, host: string, path: string, options: VisitOptions = {}): Promise<VisitAnswer> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { host, ...headers } },
      (answer) => {
        let text = "";
        answer.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
        answer.on("error", reject).on("end", () => {
          const [cookie] = answer.headers["set-cookie"] ?? [];
          const pass = cookie?.split(";", 1)[0] ?? null;
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, pass });
        });
      },
    );
    request.on("error", reject).end(body);
  });
}
