import type { ExitCause, GatewayState } from "@automna/core/agents/observed-slot";
import { AppError } from "@automna/core/shared/app-error";
import { claimHash } from "@automna/service-kit/claim-hash";
import type { ClaimRequest } from "@automna/contract/agentd";
import type { AgentRuntime } from "../agents/agent-runtime.ts";
import type { AgentdClient } from "../agents/agentd-client.ts";

interface FakeSlot {
  /** Written once, when the volume is made: who sees another one has lost data. */
  volume: string;
  run: { startedAtMs: number; gateway: GatewayState; looks: number } | null;
  lastExit: ExitCause;
  endedAtMs: number | null;
  claim: ClaimRequest | null;
}

export interface FakeWorld {
  slots: Map<string, FakeSlot>;
  runtime: AgentRuntime;
  agentd: AgentdClient;
  /** Names of the calls that changed something, in order. */
  calls: string[];
  /** The slot's process ends by itself. */
  end: (slotId: string, cause: ExitCause) => void;
}

/** A node in memory that obeys, and refuses what a real one must never be asked for. A gateway is ready at the third look. */
export function makeFakeWorld(clock: () => number): FakeWorld {
  const slots = new Map<string, FakeSlot>();
  const calls: string[] = [];
  let volumes = 0;
  const slotAt = (slotId: string) => {
    const slot = slots.get(slotId);
    if (slot === undefined) throw new AppError("slot_data_missing", "conflict", `no slot ${slotId}`);
    return slot;
  };
  const end = (slotId: string, cause: ExitCause) => {
    const slot = slots.get(slotId);
    if (slot === undefined || slot.run === null) return;
    Object.assign(slot, { run: null, lastExit: cause, endedAtMs: clock() });
  };
  return {
    slots,
    calls,
    end,
    runtime: {
      async observe(slotId) {
        const slot = slots.get(slotId);
        if (slot === undefined) return { kind: "absent" };
        if (slot.run === null) return { kind: "stopped", lastExit: slot.lastExit, endedAtMs: slot.endedAtMs };
        return { kind: "running", startedAtMs: slot.run.startedAtMs };
      },
      async create({ slotId }) {
        calls.push("create");
        if (slots.has(slotId)) return;
        slots.set(slotId, {
          volume: `volume ${(volumes += 1)}`,
          run: null,
          lastExit: "clean",
          endedAtMs: null,
          claim: null,
        });
      },
      async start({ slotId }) {
        calls.push("start");
        const slot = slotAt(slotId);
        if (slot.run !== null) throw new AppError("slot_running", "conflict", `${slotId} runs`);
        slot.run = { startedAtMs: clock(), gateway: slot.claim === null ? "unclaimed" : "starting", looks: 0 };
      },
      async stop(slotId) {
        calls.push("stop");
        end(slotId, "clean");
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
        if (slot.run === null) return { kind: "silent" };
        slot.run.looks += 1;
        if (slot.run.gateway === "starting" && slot.run.looks >= 3) slot.run.gateway = "ready";
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
    },
  };
}
