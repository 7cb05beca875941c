import { planWarmPool, type WarmPoolStep, type WarmWish } from "@automna/core/warm-pool/plan-warm-pool";
import { isAppError } from "@automna/core/shared/app-error";
import { tierCatalogue, type Tier } from "@automna/core/tiers/catalogue";
import type { Lease } from "@automna/records/leases";
import {
  listWarmSlots,
  readWarmSurroundings,
  reserveWarmSlot,
  setWarmState,
  type WarmRecord,
} from "@automna/records/warm-slots";
import type { Logger } from "@automna/service-kit/log";
import { slotLimits } from "./agent-claim.ts";
import { isOurOutage } from "./failure-reason.ts";
import { holdLease, type LeaseTerms } from "./hold-lease.ts";
import { newSlotSecrets } from "./slot-secrets.ts";
import type { StartGate } from "./start-gate.ts";
import type { StepDeps } from "./steps/step-context.ts";
import { advanceWarmSlot } from "./warm-slot-steps.ts";

export interface WarmPoolDeps extends StepDeps {
  lease: LeaseTerms;
  startGate: StartGate;
  /** How many slots each node is to hold ready; none = the pool is off, and what is left of one goes. */
  wishes: readonly WarmWish[];
  log: Logger;
}

/** One turn's surroundings. */
export interface WarmTurn {
  deps: WarmPoolDeps;
  lease: Lease;
  signal: AbortSignal;
  /** When a slot last failed to come up on a node. It lives in memory: after a restart each node is tried once more. */
  failedAt: Map<string, number>;
}

/**
 * Returns one turn, by whoever holds the lease: slots that are of no use any more go, what is short is made, and what is
 * on its way is taken as far as it goes without waiting. All it knows is in the database, so any turn may be the last.
 */
export function makeWarmPool(deps: WarmPoolDeps): (signal: AbortSignal) => Promise<void> {
  const failedAt = new Map<string, number>();
  const { db, cell, wishes } = deps;
  return async (signal) => {
    if (wishes.length === 0 && (await listWarmSlots(db, cell.cellId)).length === 0) return;
    await holdLease(deps.lease, `warm-pool:${cell.cellId}`, signal, async (lease, working) => {
      const turn = { deps, lease, signal: working, failedAt };
      for (const step of await planTurn(turn)) await carryOut(step, turn);
      const slots = await listWarmSlots(db, cell.cellId);
      await Promise.all(slots.map((record) => advance(record, turn)));
    });
  };
}

async function planTurn({ deps, failedAt }: WarmTurn): Promise<WarmPoolStep[]> {
  const { db, cell, clock, wishes } = deps;
  const { cellId, portRestMs, image, takesEveryTier, workingSetMb } = cell;
  const now = clock();
  const { nodes, ...surroundings } = await readWarmSurroundings(db, { cellId, now: new Date(now), portRestMs });
  return planWarmPool({
    ...surroundings,
    nodes: nodes.map((node) => ({ ...node, failedAtMs: failedAt.get(node.nodeId) ?? null })),
    slots: (await listWarmSlots(db, cellId)).map(({ warm }) => warm),
    wishes,
    image,
    kind: takesEveryTier ? "local" : "shared",
    workingSetMb,
    now,
  });
}

async function carryOut(step: WarmPoolStep, turn: WarmTurn): Promise<void> {
  const { deps, lease, signal } = turn;
  signal.throwIfAborted();
  if (step.step === "retire") {
    const { slotId, why } = step;
    const change = { lease, slotId, from: ["making", "ready"], to: "retiring", now: new Date(deps.clock()) } as const;
    // Given away meanwhile: then it is somebody's, and no business of the pool's.
    if (await setWarmState(deps.db, change)) deps.log.info({ slotId, why }, "a warm slot goes");
    return;
  }
  await make(step, turn);
}

async function make({ nodeId, tier }: { nodeId: string; tier: Tier }, { deps, lease }: WarmTurn): Promise<void> {
  const { db, cell, clock, log, rings } = deps;
  const { cellId, image, portRestMs, canUsePort, takesEveryTier, workingSetMb } = cell;
  const { memoryMb } = tierCatalogue[tier];
  const elsewhere = await db.node.findMany({ where: { cellId, id: { not: nodeId } }, select: { id: true } });
  try {
    const slot = await reserveWarmSlot(db, {
      lease,
      tier,
      cellId,
      portRestMs,
      canUsePort,
      now: new Date(clock()),
      wish: {
        kind: takesEveryTier ? "local" : "shared",
        userId: null,
        memoryMb,
        workingSetMb: Math.min(memoryMb, workingSetMb),
        avoid: elsewhere.map(({ id }) => id),
      },
      slot: { ...newSlotSecrets(rings), volumeMb: slotLimits({ tier }).volumeMb, image },
    });
    log.info({ nodeId, tier, slotId: slot.id }, "a warm slot is made");
  } catch (error) {
    // Somebody was faster, who counts for more.
    if (!isAppError(error, "no_room")) throw error;
  }
}

/** A slot that can't be taken further ends neither the turn nor the others' way. */
async function advance(record: WarmRecord, turn: WarmTurn): Promise<void> {
  const { deps, signal } = turn;
  const { slotId, nodeId, state } = record.warm;
  try {
    await advanceWarmSlot(record, turn);
  } catch (error) {
    if (signal.aborted || isOurOutage(error) || isAppError(error, "lease_lost")) throw error;
    deps.log.error({ err: error, slotId, nodeId, state }, "a step of a warm slot failed; the next turn tries again");
    if (state === "making") turn.failedAt.set(nodeId, deps.clock());
  }
}
