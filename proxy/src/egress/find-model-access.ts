import { createHash, timingSafeEqual } from "node:crypto";
import { errorCatalogue } from "@automna/contract/error-catalogue";
import type { ModelSource } from "@automna/core/agents/agent-spec";
import { isAppError } from "@automna/core/shared/app-error";
import { MINUTE_MS, type Clock } from "@automna/core/shared/clock";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { ModelAccessRecord } from "@automna/records/model-access";
import type { Logger } from "@automna/service-kit/log";
import type { NotifyListener } from "@automna/service-kit/notify";
import { unseal, type KeyRing } from "@automna/service-kit/secret-box";
import { egressKeyHash, parseEgressCredential } from "@automna/service-kit/slot-keys";
import { LRUCache } from "lru-cache";
import { makeCachedLookup } from "../cached-lookup.ts";
import { ProviderError } from "./provider-error.ts";

/** Whose call it is and whose key answers it. */
export interface ModelAccess {
  slotId: string;
  agentId: string;
  userId: string;
  userState: ModelAccessRecord["userState"];
  modelSource: ModelSource;
  tier: Tier;
  /** The customer's key, opened; null while there is none. */
  apiKey: string | null;
  keys: { generation: number; hash: Buffer };
}

export interface ModelAccessFinder {
  /** Throws a ProviderError unless the credential belongs to a slot of an active user. */
  find: (credential: string | undefined) => Promise<ModelAccess>;
  close: () => void;
}

export interface ModelAccessFinderOptions {
  findRecord: (slotId: string) => Promise<ModelAccessRecord | null>;
  ring: KeyRing;
  listener: NotifyListener;
  log: Logger;
  now: Clock;
}

/** After a change of a slot's keys the former ones still open for so long (design D6). */
const FORMER_KEYS_MS = MINUTE_MS;
const SLOTS_MAX = 20_000;

const unknownCaller = () => new ProviderError("authentication_error", "This agent is not known here.");
const busy = (cause: unknown) =>
  new ProviderError("overloaded_error", errorCatalogue.service_unavailable.message, { cause });

/** Recognises agents by their egress key. A hit costs two hashes and two Map look-ups. */
export function makeModelAccessFinder({
  findRecord,
  ring,
  listener,
  log,
  now,
}: ModelAccessFinderOptions): ModelAccessFinder {
  const formerKeys = new LRUCache<string, ModelAccess["keys"] & { untilMs: number }>({ max: SLOTS_MAX });
  const latestKeys = new LRUCache<string, ModelAccess["keys"]>({ max: SLOTS_MAX });
  const slotsOfUsers = new LRUCache<string, string>({ max: SLOTS_MAX });

  const remember = (access: ModelAccess) => {
    slotsOfUsers.set(access.userId, access.slotId);
    const before = latestKeys.get(access.slotId);
    latestKeys.set(access.slotId, access.keys);
    if (before !== undefined && before.generation < access.keys.generation) {
      formerKeys.set(access.slotId, { ...before, untilMs: now() + FORMER_KEYS_MS });
    }
  };

  const lookup = makeCachedLookup<ModelAccess>({
    async load(slotId) {
      const record = await findRecord(slotId);
      if (record === null) return null;
      const access = openAccess(record, ring);
      remember(access);
      return access;
    },
    isSettled: (access) => access.apiKey !== null || access.modelSource !== "byok",
    isListening: listener.isConnected,
    onLoadFailed: (error) => log.warn({ err: error }, "could not look up a slot"),
    now,
    max: SLOTS_MAX,
  });

  const forgetUser = ({ userId }: { userId: string }) => {
    const slotId = slotsOfUsers.get(userId);
    if (slotId !== undefined) lookup.invalidate(slotId);
  };
  const stopListening = [
    listener.on("model_key_changed", forgetUser),
    listener.on("agent_changed", forgetUser),
    listener.on("user_changed", forgetUser),
    listener.onReconnect(lookup.flush),
  ];

  const isKnown = (access: ModelAccess, generation: number, hash: Buffer) => {
    const former = formerKeys.get(access.slotId);
    const candidates = former !== undefined && now() < former.untilMs ? [access.keys, former] : [access.keys];
    return candidates.some((keys) => keys.generation === generation && isSameHash(keys.hash, hash));
  };

  return {
    async find(credential) {
      const parsed = credential === undefined ? null : parseEgressCredential(credential);
      if (parsed === null) throw unknownCaller();
      const access = await lookup.get(parsed.slotId).catch((error: unknown) => {
        if (!isAppError(error, "service_unavailable"))
          log.error({ err: error }, "could not open a slot's model access");
        throw busy(error);
      });
      if (access === null || !isKnown(access, parsed.generation, egressKeyHash(parsed.egressKey)))
        throw unknownCaller();
      if (access.userState !== "active") throw new ProviderError("permission_error", errorCatalogue.forbidden.message);
      return access;
    },
    close() {
      for (const stop of stopListening) stop();
    },
  };
}

function openAccess(record: ModelAccessRecord, ring: KeyRing): ModelAccess {
  const {
    slotId,
    agentId,
    userId,
    userState,
    modelSource,
    tier,
    keyEnvelope,
    keyGeneration,
    egressKeyHash: hash,
  } = record;
  const isNeeded = modelSource === "byok" && keyEnvelope !== null;
  const apiKey = isNeeded ? unseal(ring, keyEnvelope, { owner: userId, kind: "model_key" }).toString("utf8") : null;
  return { slotId, agentId, userId, userState, modelSource, tier, apiKey, keys: { generation: keyGeneration, hash } };
}

/** In constant time; a hash of another length is hashed again so that lengths don't show. */
function isSameHash(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}
