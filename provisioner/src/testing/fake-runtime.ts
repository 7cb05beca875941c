import type { ExitCause, GatewayState } from "@automna/core/agents/observed-slot";
import { AppError } from "@automna/core/shared/app-error";
import { claimHash } from "@automna/service-kit/claim-hash";
import type { ClaimRequest } from "@automna/contract/agentd";
import type { AgentRuntime } from "../agents/agent-runtime.ts";
import type { AgentdClient } from "../agents/agentd-client.ts";

interface FakeSlot {
  /** Written once, when the volume is made: who sees another one has lost data. */
  volume: string;
  run: { startedAtMs: number; gateway: GatewayState; looks: number; isDozing: boolean; image: string } | null;
  memoryMb: number;
  snapshots: Map<string, { volume: string; claim: ClaimRequest | null }>;
  lastExit: ExitCause;
  endedAtMs: number | null;
  claim: ClaimRequest | null;
  /** How often its gateway was asked to come up for nobody. */
  prepared?: number;
}

export interface FakeWorld {
  slots: Map<string, FakeSlot>;
  runtime: AgentRuntime;
  agentd: AgentdClient;
  /** Names of the calls that changed something, in order. */
  calls: string[];
  /** Images whose gateway never gets ready. */
  badImages: Set<string>;
  /** Slots of which something runs now. */
  running: () => string[];
  /** The slot's process ends by itself. */
  end: (slotId: string, cause: ExitCause) => void;
}

/** A node in memory that obeys, and refuses what a real one must never be asked for. A gateway is ready at the third look. */
export function makeFakeWorld(clock: () => number): FakeWorld {
  const slots = new Map<string, FakeSlot>();
  const calls: string[] = [];
  const badImages = new Set<string>();
  let volumes = 0;
  const slotAt = (slotId: string) => {
    const slot = slots.get(slotId);
    if (slot === undefined) throw new AppError("slot_data_missing", "conflict", `no slot ${slotId}`);
    return slot;
  };
  const idleAt = (slotId: string) => {
    const slot = slotAt(slotId);
    if (slot.run !== null) throw new AppError("slot_running", "conflict", `${slotId} runs`);
    return slot;
  };
  const runOf = (slotId: string) => {
    const run = slots.get(slotId)?.run ?? null;
    if (run === null) throw new AppError("slot_not_running", "conflict", `${slotId} does not run`);
    return run;
  };
  const end = (slotId: string, cause: ExitCause) => {
    const slot = slots.get(slotId);
    if (slot === undefined || slot.run === null) return;
    Object.assign(slot, { run: null, lastExit: cause, endedAtMs: clock() });
  };
  return {
    slots,
    calls,
    badImages,
    running: () => [...slots].flatMap(([slotId, { run }]) => (run === null ? [] : [slotId])),
    end,
    runtime: {
      async observe(slotId) {
        const slot = slots.get(slotId);
        if (slot === undefined) return { kind: "absent" };
        if (slot.run === null) return { kind: "stopped", lastExit: slot.lastExit, endedAtMs: slot.endedAtMs };
        return { kind: "running", startedAtMs: slot.run.startedAtMs, isDozing: slot.run.isDozing };
      },
      async create({ slotId, memoryMb }) {
        calls.push("create");
        if (slots.has(slotId)) return;
        slots.set(slotId, {
          volume: `volume ${(volumes += 1)}`,
          run: null,
          lastExit: "clean",
          endedAtMs: null,
          claim: null,
          memoryMb,
          snapshots: new Map(),
        });
      },
      async start({ slotId, memoryMb, image }) {
        calls.push("start");
        const slot = idleAt(slotId);
        const gateway = slot.claim === null ? "unclaimed" : "starting";
        slot.run = { startedAtMs: clock(), gateway, looks: 0, isDozing: false, image };
        slot.memoryMb = memoryMb;
      },
      async stop(slotId) {
        calls.push("stop");
        end(slotId, "clean");
      },
      async doze(slotId) {
        calls.push("doze");
        runOf(slotId).isDozing = true;
      },
      async wake(slotId) {
        calls.push("wake");
        runOf(slotId).isDozing = false;
      },
      async resize({ slotId, memoryMb }) {
        calls.push("resize");
        idleAt(slotId).memoryMb = memoryMb;
      },
      async copyVolume({ from, to }) {
        calls.push("copyVolume");
        const [source, target] = [idleAt(from), idleAt(to)];
        Object.assign(target, { volume: source.volume, claim: source.claim });
      },
      async snapshot(slotId, name) {
        calls.push("snapshot");
        const { snapshots, volume, claim } = idleAt(slotId);
        if (!snapshots.has(name)) snapshots.set(name, { volume, claim });
      },
      async restoreSnapshot(slotId, name) {
        calls.push("restoreSnapshot");
        const slot = idleAt(slotId);
        const kept = slot.snapshots.get(name);
        if (kept === undefined) throw new AppError("snapshot_missing", "conflict", `no snapshot ${name}`);
        Object.assign(slot, kept);
      },
      async deleteSnapshot(slotId, name) {
        calls.push("deleteSnapshot");
        slots.get(slotId)?.snapshots.delete(name);
      },
      async delete(slotId) {
        calls.push("delete");
        slots.delete(slotId);
      },
      listOwned: async () => [...slots.keys()],
      onChange: () => () => undefined,
    },
    agentd: {
      async observe({ slotId }) {
        const slot = slotAt(slotId);
        if (slot.run === null || slot.run.isDozing) return { kind: "silent" };
        slot.run.looks += 1;
        if (slot.run.gateway === "starting" && slot.run.looks >= 3)
          slot.run.gateway = badImages.has(slot.run.image) ? "failing" : "ready";
        const hash = slot.claim === null ? null : claimHash(slot.claim);
        return { kind: "answering", agentId: slot.claim?.agentId ?? null, claimHash: hash, gateway: slot.run.gateway };
      },
      async claim({ slotId }, claim) {
        calls.push("claim");
        const slot = slotAt(slotId);
        if (slot.claim !== null && slot.claim.agentId !== claim.agentId)
          throw new AppError("slot_claimed", "conflict", "another's");
        slot.claim = claim;
        if (slot.run !== null && slot.run.gateway === "unclaimed")
          Object.assign(slot.run, { gateway: "starting", looks: 0 });
      },
      async prepare({ slotId }) {
        calls.push("prepare");
        const slot = slotAt(slotId);
        if (slot.claim !== null) throw new AppError("slot_claimed", "conflict", "somebody's");
        slot.prepared = (slot.prepared ?? 0) + 1;
        if (slot.run?.gateway === "unclaimed") Object.assign(slot.run, { gateway: "starting", looks: 0 });
      },
    },
  };
}
