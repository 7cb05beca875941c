import { tierCatalogue } from "@automna/core/tiers/catalogue";
import { planWarmSlot, type WarmSlotStep, type WarmState } from "@automna/core/warm-pool/warm-slot";
import { markSlotStarted, releaseSlot } from "@automna/records/slots";
import { setWarmState, type WarmRecord } from "@automna/records/warm-slots";
import { heapMb } from "./agent-claim.ts";
import { observeSlot } from "./observe-agent.ts";
import { controlKeyOf } from "./slot-secrets.ts";
import { toSlotSpec } from "./slot-spec.ts";
import type { WarmTurn } from "./warm-pool.ts";

/** More steps than a slot's whole way has. */
const MAX_STEPS = 8;
/** The generation that a slot counts as started for while it is nobody's: agents' begin at 1. */
const NOBODYS_GENERATION = 0;

/** Takes one warm slot as far as it goes without waiting. Throws what a step throws; each can be repeated. */
export async function advanceWarmSlot(record: WarmRecord, turn: WarmTurn): Promise<void> {
  const { deps, signal } = turn;
  let current = record;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    signal.throwIfAborted();
    const observed = await observeSlot(deps, { slot: current.slot, notBefore: performance.now() }, signal);
    const step = planWarmSlot(current.warm, observed, deps.clock());
    const next = await carryOut(step, current, turn);
    if (next === null) return;
    current = next;
  }
}

/** Null = there is nothing more to do now. */
async function carryOut(step: WarmSlotStep, record: WarmRecord, turn: WarmTurn): Promise<WarmRecord | null> {
  const { deps, lease, signal } = turn;
  const { db, runtime, agentd, rings, models, startGate } = deps;
  const { slot, warm } = record;
  const { slotId, nodeId, tier } = warm;
  const call = { signal, fencing: lease.fencing };
  switch (step.step) {
    case "wait":
      return null;
    case "create":
      await runtime.create(toSlotSpec(deps, slot, tier), call);
      return record;
    case "start":
      if (!startGate.tryEnter({ nodeId, slotId, cost: deps.cell.bootCostS, isForPerson: false })) return null;
      // First the record: it is how the sweep and a successor know that something has to be there.
      await markSlotStarted(db, lease, slotId, NOBODYS_GENERATION);
      await runtime.start(toSlotSpec(deps, slot, tier), call);
      return { slot, warm: { ...warm, hasStarted: true } };
    case "prepare": {
      const address = { slotId, host: slot.host, port: slot.port, controlKey: controlKeyOf(rings, slot) };
      const { memoryMb } = tierCatalogue[tier];
      const needs = { model: models.main, utilityModel: models.utility, memoryMb: heapMb(memoryMb) };
      await agentd.prepare(address, needs, signal);
      return null;
    }
    case "offer":
      startGate.leave(slotId);
      return changeState(record, turn, { from: "making", to: "ready" });
    case "doubt":
      return changeState(record, turn, { from: "ready", to: "making" });
    case "retire":
      turn.failedAt.set(nodeId, deps.clock());
      deps.log.warn({ slotId, nodeId, why: step.why }, "a warm slot did not come up");
      return changeState(record, turn, { from: "making", to: "retiring" });
    case "remove":
      startGate.leave(slotId);
      await runtime.stop(slotId, call);
      await runtime.delete(slotId, call);
      await releaseSlot(db, lease, slotId, new Date(deps.clock()));
      return null;
  }
}

/** Null also when it was given away meanwhile: what comes now is its agent's business. */
async function changeState(
  { slot, warm }: WarmRecord,
  { deps, lease }: WarmTurn,
  { from, to }: { from: WarmState; to: WarmState },
): Promise<WarmRecord | null> {
  const now = deps.clock();
  const change = { lease, slotId: warm.slotId, from: [from], to, now: new Date(now) };
  if (!(await setWarmState(deps.db, change)) || to === "ready") return null;
  return { slot, warm: { ...warm, state: to, sinceMs: now } };
}
