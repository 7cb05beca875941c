import type { Clock } from "@automna/core/shared/clock";
import { planWave, type WaveStep } from "@automna/core/upgrades/plan-wave";
import type { Database } from "@automna/records/database";
import {
  advanceWave,
  listDrivenWaves,
  listWaveMembers,
  settleMember,
  toPlannedWave,
  wishMemberImage,
  type WaveMemberRecord,
  type WaveRecord,
  type WaveWrite,
} from "@automna/records/waves";
import type { Logger } from "@automna/service-kit/log";
import { holdLease, type LeaseTerms } from "../agents/hold-lease.ts";

export interface WaveRunDeps {
  db: Database;
  lease: LeaseTerms;
  /** What a slot runs whose record names no image. */
  defaultImage: string;
  /** An image was wished for an agent. */
  hint: (agentId: string) => void;
  clock: Clock;
  log: Logger;
}

/** What one step needs: the wave and the member as they were when it was planned. */
interface StepSurroundings {
  deps: WaveRunDeps;
  wave: WaveRecord;
  member: WaveMemberRecord | null;
  write: WaveWrite;
}

/**
 * Returns one turn, by whoever holds the lease: looks at every wave and takes its next steps. What a step does to an
 * agent is a wish, which the agent's own steps make true: stop, snapshot, start, prove, else back with image and data.
 */
export function makeWaveRun(deps: WaveRunDeps): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    await holdLease(deps.lease, "upgrade-waves", signal, async (lease, working) => {
      for (const wave of await listDrivenWaves(deps.db)) {
        const members = await listWaveMembers(deps.db, wave);
        const now = deps.clock();
        const write = { lease, waveId: wave.id, now: new Date(now) };
        for (const step of planWave(toPlannedWave(wave, members), now)) {
          working.throwIfAborted();
          const member = "agentId" in step ? (members.find(({ agentId }) => agentId === step.agentId) ?? null) : null;
          await carryOut(step, { deps, wave, member, write });
        }
      }
    });
  };
}

async function carryOut(step: WaveStep, { deps, wave, member, write }: StepSurroundings): Promise<void> {
  const { db, log, hint } = deps;
  switch (step.step) {
    case "wait":
      return;
    case "settle":
      await settleMember(db, write, { ...step, reason: member?.reason ?? null });
      log.info({ waveId: wave.id, agentId: step.agentId, to: step.to }, "a member of a wave has settled");
      return;
    case "setState":
      await advanceWave(db, write, { from: wave.state, to: step.to, why: step.why });
      log.warn({ waveId: wave.id, from: wave.state, to: step.to, why: step.why }, "a wave goes on by itself");
      return;
    case "begin":
    case "revert": {
      const wish =
        step.step === "begin"
          ? { image: wave.image, batch: step.batch }
          : { image: member?.fromImage ?? deps.defaultImage };
      const isNew = await wishMemberImage(db, write, { agentId: step.agentId, in: wave.state, ...wish });
      if (isNew) hint(step.agentId);
    }
  }
}
