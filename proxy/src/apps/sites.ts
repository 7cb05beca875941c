import { appError } from "@automna/contract/error-catalogue";
import type { Clock } from "@automna/core/shared/clock";
import type { AppSiteRecord } from "@automna/records/apps";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import { unseal, type KeyRing } from "@automna/service-kit/secret-box";
import { z } from "zod";
import { makeCachedLookup, type LookupCounts } from "../cached-lookup.ts";
import type { Backend } from "../ingress/route.ts";

/** A user's agent and its apps. `backend` holds the apps key where ingress has its own. */
export interface AppSite extends Omit<AppSiteRecord, "backend"> {
  backend: Backend | null;
}

export interface Sites {
  /** The site of a handle, or null. Throws `service_unavailable` while it can't be known. */
  get: (handle: string) => Promise<AppSite | null>;
  /** Looks the user up anew at the next request. */
  invalidate: (userId: string) => void;
  /** Throws `service_unavailable` when it can't be known at this moment: an ended session lets nobody in. */
  isSessionOver: (sessionId: string) => Promise<boolean>;
  /** How look-ups of handles, sites and sessions were answered so far. */
  counts: Readonly<Record<"handle" | "site" | "session", LookupCounts>>;
  close: () => void;
}

export interface SitesOptions {
  findHandleOwner: (handle: string) => Promise<string | null>;
  findSite: (userId: string) => Promise<AppSiteRecord | null>;
  isSessionOver: (sessionId: string) => Promise<boolean>;
  /** Opens the slots' apps keys. */
  ring: KeyRing;
  listener: NotifyListener;
  log: Logger;
  now: Clock;
}

const keysSchema = z.object({ apps: z.string().min(1), proof: z.string().min(1) });

/** Sites by handle, remembered until a notification says otherwise, as ingress remembers its routes (design D10). */
export function makeSites({ listener, log, now, ring, ...queries }: SitesOptions): Sites {
  const shared = {
    isListening: listener.isConnected,
    onLoadFailed: (error: unknown) => log.warn({ err: error }, "could not look up an app"),
    now,
  };
  const owners = makeCachedLookup<string>({ ...shared, load: queries.findHandleOwner, isSettled: () => true });
  const sites = makeCachedLookup<AppSite>({
    ...shared,
    async load(userId) {
      const record = await queries.findSite(userId);
      return record === null ? null : openSite(record, ring);
    },
    isSettled: ({ phase }) => phase === "ready" || phase === "asleep",
  });
  const sessions = makeCachedLookup<{ isOver: boolean }>({
    ...shared,
    load: async (sessionId) => ({ isOver: await queries.isSessionOver(sessionId) }),
    isSettled: () => true,
    staleMs: 0,
  });
  const changed = ({ userId }: { userId: string }) => sites.invalidate(userId);
  const stopListening = [
    listener.on("agent_changed", changed),
    listener.on("user_changed", changed),
    listener.on("apps_changed", changed),
    listener.on("handle_changed", ({ handle }) => owners.invalidate(handle)),
    listener.on("session_ended", ({ sessionId }) => sessions.invalidate(sessionId)),
    listener.onReconnect(() => {
      for (const lookup of [owners, sites, sessions]) lookup.flush();
    }),
  ];
  return {
    async get(handle) {
      const userId = await owners.get(handle);
      return userId === null ? null : sites.get(userId);
    },
    invalidate: sites.invalidate,
    isSessionOver: async (sessionId) => (await sessions.get(sessionId))?.isOver ?? true,
    counts: { handle: owners.counts, site: sites.counts, session: sessions.counts },
    close() {
      for (const stop of stopListening) stop();
    },
  };
}

function openSite(record: AppSiteRecord, ring: KeyRing): AppSite {
  const { backend, agentId } = record;
  if (backend === null) return { ...record, backend: null };
  const { host, port, slotId, keyGeneration, appsKeyEnvelope } = backend;
  const plain = unseal(ring, appsKeyEnvelope, { owner: slotId, kind: "slot_apps_keys" });
  const keys = keysSchema.safeParse(JSON.parse(plain.toString("utf8")));
  if (!keys.success) throw appError("envelope_unreadable");
  const id = `${slotId}.${keyGeneration}.${agentId}@${host}:${port}`;
  const { apps: ingressKey, proof: proofKey } = keys.data;
  return { ...record, backend: { id, host, port, slotId, keyGeneration, agentId, ingressKey, proofKey } };
}
