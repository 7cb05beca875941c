import { setTimeout as sleep } from "node:timers/promises";
import { slotLabels, slotResourceName } from "@automna/contract/nodekeeper";
import { AppError } from "@automna/core/shared/app-error";
import { appError } from "@automna/contract/error-catalogue";
import type { SlotSpec } from "../agents/agent-runtime.ts";
import { isOver } from "./observe-service.ts";
import { ownershipLabels, rootKeyName, toServiceSpec, type SwarmSettings } from "./slot-service.ts";
import type { FoundService, ServiceBody, SwarmEngine } from "./swarm-engine.ts";

// A slot's secret and service: made or found, changed, removed. Names come from the slot's id, so that a crash between
// any two lines is followed by finding what was made.

/** Somebody else may change a service at the same moment: another provisioner whose lease has run out. */
const UPDATE_ATTEMPTS = 5;
/** Swarm forgets in batches of a quarter of a second; a node that does not answer keeps its tasks for longer. */
const FORGET_POLL_MS = 100;
const FORGET_LIMIT_MS = 5_000;

export interface SlotParts {
  /** Id of the secret with the slot's root key, which most likely is there. */
  findOrMakeSecret: (slot: SlotSpec, signal: AbortSignal) => Promise<string>;
  /** The same, for one that most likely is not. */
  makeOrFindSecret: (slot: SlotSpec, signal: AbortSignal) => Promise<string>;
  /** Stopped, when it is new; as it is, when it is not. */
  ensureService: (slot: SlotSpec, secretId: string, signal: AbortSignal) => Promise<void>;
  /** Our own, or null. Throws for one of another installation. */
  findService: (slotId: string, signal: AbortSignal) => Promise<FoundService | null>;
  /** Nothing of it runs or is about to, as far as Swarm knows. */
  isIdle: (slotId: string, signal: AbortSignal) => Promise<boolean>;
  /**
   * Makes the service what `next` says of it; null = it is so already. Tries again when somebody was faster. Throws
   * `slot_data_missing` when there is none.
   */
  changeService: (
    slotId: string,
    next: (service: FoundService) => Promise<ServiceBody | null>,
    signal: AbortSignal,
  ) => Promise<void>;
  removeService: (slotId: string, signal: AbortSignal) => Promise<void>;
  removeSecret: (slotId: string, signal: AbortSignal) => Promise<void>;
}

export function makeSlotParts(engine: SwarmEngine, settings: SwarmSettings): SlotParts {
  /** S17: what does not carry our mark is not ours to judge, even under a name of ours. */
  const assertOurs = ({ labels }: { labels: Record<string, string> }, slotId: string) => {
    if (labels[slotLabels.installation] === settings.installId && labels[slotLabels.slot] === slotId) return;
    throw new AppError("slot_foreign", "bug", `the engine has something of another installation under ${slotId}`);
  };
  const findService = async (slotId: string, signal: AbortSignal) => {
    const service = await engine.findService(slotResourceName(slotId), signal);
    if (service !== null) assertOurs(service, slotId);
    return service;
  };
  const findSecret = async (slotId: string, signal: AbortSignal) => {
    const secret = await engine.findSecret(rootKeyName(slotId), signal);
    if (secret !== null) assertOurs(secret, slotId);
    return secret;
  };
  const makeOrFindSecret = async ({ slotId, rootKey }: SlotSpec, signal: AbortSignal) => {
    const made = await engine.createSecret(
      {
        Name: rootKeyName(slotId),
        Labels: ownershipLabels(settings.installId, slotId),
        // agentd reads text (AGENTD_ROOT_KEY_FILE); the engine wants that once more in base64.
        Data: Buffer.from(Buffer.from(rootKey).toString("base64url")).toString("base64"),
      },
      signal,
    );
    if (made !== "taken") return made.id;
    const taken = await findSecret(slotId, signal);
    if (taken === null) throw new AppError("engine_busy", "transient", `the secret of ${slotId} comes and goes`);
    return taken.id;
  };

  /**
   * Until Swarm has forgotten the tasks of a service that was scaled down. One that is removed in just that moment ends
   * the manager's engine: it looks for a task that is not there any more (20.10: orchestrator/service.go:78, nil pointer).
   */
  const untilForgotten = async (slotId: string, signal: AbortSignal) => {
    const deadline = performance.now() + FORGET_LIMIT_MS;
    while (performance.now() < deadline) {
      const tasks = await engine.listTasksOf(slotResourceName(slotId), signal);
      if (!tasks.some(({ isLeaving }) => isLeaving)) return;
      // With the caller's own reason: a wait that is cut short has one of its own.
      signal.throwIfAborted();
      await sleep(FORGET_POLL_MS, undefined, { signal });
    }
  };

  return {
    makeOrFindSecret,
    findOrMakeSecret: async (slot, signal) =>
      (await findSecret(slot.slotId, signal))?.id ?? (await makeOrFindSecret(slot, signal)),
    findService,
    async ensureService(slot, secretId, signal) {
      const spec = toServiceSpec(slot, settings, { run: 0, replicas: 0, secretId });
      if ((await engine.createService(spec, signal)) === "taken") await findService(slot.slotId, signal);
    },
    async isIdle(slotId, signal) {
      const tasks = await engine.listTasksOf(slotResourceName(slotId), signal);
      return tasks.every(({ state }) => isOver(state));
    },
    async changeService(slotId, next, signal) {
      for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
        signal.throwIfAborted();
        const service = await findService(slotId, signal);
        if (service === null) throw appError("slot_data_missing");
        const spec = await next(service);
        if (spec === null || (await engine.updateService(service, spec, signal)) === "updated") return;
      }
      throw new AppError("engine_busy", "transient", `${slotId} is changed by somebody else again and again`);
    },
    async removeService(slotId, signal) {
      const service = await findService(slotId, signal);
      if (service === null) return;
      await untilForgotten(slotId, signal);
      await engine.removeService(service.id, signal);
    },
    async removeSecret(slotId, signal) {
      const secret = await findSecret(slotId, signal);
      if (secret !== null) await engine.removeSecret(secret.id, signal);
    },
  };
}
