import { isDeepStrictEqual } from "node:util";
import { DAY_MS } from "@automna/core/shared/clock";
import type { SweepFinding, SweepOutcome, SweptSlot } from "@automna/core/sweeps/plan-sweep";
import { transactionLimits, type Database } from "./database.ts";
import { assertLease, type Lease } from "./leases.ts";

/** As it stands in a report. */
export interface SweptFinding extends SweepFinding {
  outcome: SweepOutcome;
  /** Why a removal did not work. */
  error?: string;
}

/** How long reports are kept, ms. */
export const SWEEP_REPORTS_KEPT_MS = 30 * DAY_MS;

const ownerFields = { select: { id: true, phase: true } } as const;

/** The records of what was found, and of all that should be on the cell's nodes. */
export async function listSweptSlots(
  db: Database,
  { seen, cellId }: { seen: readonly string[]; cellId: string },
): Promise<SweptSlot[]> {
  const nodes = await db.node.findMany({ where: { cellId }, select: { id: true } });
  const rows = await db.slot.findMany({
    where: {
      OR: [{ id: { in: [...seen] } }, { nodeId: { in: nodes.map(({ id }) => id) }, releasedAt: null }],
    },
    select: {
      id: true,
      nodeId: true,
      releasedAt: true,
      startedGeneration: true,
      warmState: true,
      agent: ownerFields,
      nextOf: ownerFields,
      keptFor: ownerFields,
    },
  });
  return rows.map(({ id, nodeId, releasedAt, startedGeneration, warmState, agent, nextOf, keptFor }) => {
    const owner = [agent, nextOf, keptFor].find((candidate) => candidate !== null && candidate.phase !== "deleted");
    return {
      slotId: id,
      nodeId,
      isReleased: releasedAt !== null,
      agentId: owner?.id ?? null,
      isWarm: warmState !== null,
      // The pool itself sees to what is missing of a slot that is nobody's.
      isExpected: startedGeneration !== null && owner?.phase !== "deleting" && warmState === null,
    };
  });
}

export interface SweepTurn {
  lease: Lease;
  cellId: string;
  seen: number;
  findings: SweptFinding[];
  /** Nothing could be seen, and why. */
  problem: string | null;
  now: Date;
}

/**
 * Writes down what a turn found: in the report of the turn before if that found the same, else in one of its own, whose id
 * it returns. Written before anything is removed, so that a sweep that dies over it leaves a trace.
 */
export async function recordSweepTurn(db: Database, turn: SweepTurn & { newReportId: string }): Promise<string> {
  const { lease, cellId, seen, problem, now } = turn;
  const findings = toJson(turn.findings);
  return db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    const last = await tx.sweepReport.findFirst({
      where: { cellId, isDryRun: false },
      orderBy: { requestedAt: "desc" },
    });
    if (last !== null && last.problem === problem && isSameNews(last.findings, findings)) {
      const data = { lastAt: now, seen, turns: last.turns + 1, findings };
      await tx.sweepReport.update({ where: { id: last.id }, data });
      return last.id;
    }
    const base = { id: turn.newReportId, cellId, isDryRun: false, requestedAt: now };
    await tx.sweepReport.create({
      data: { ...base, firstAt: now, lastAt: now, turns: 1, seen, findings, problem },
    });
    await tx.sweepReport.deleteMany({
      where: { requestedAt: { lt: new Date(now.getTime() - SWEEP_REPORTS_KEPT_MS) } },
    });
    return base.id;
  }, transactionLimits);
}

/** Writes down what came of a turn's findings. */
export async function recordSweepOutcomes(
  db: Database,
  { lease, reportId, findings }: { lease: Lease; reportId: string; findings: readonly SweptFinding[] },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.sweepReport.update({ where: { id: reportId }, data: { findings: toJson(findings) } });
  }, transactionLimits);
}

/** Answers every dry run of this cell that waits for a sweep. */
export async function answerDryRuns(db: Database, turn: SweepTurn): Promise<void> {
  const { lease, cellId, seen, findings, problem, now } = turn;
  await db.$transaction(async (tx) => {
    await assertLease(tx, lease);
    await tx.sweepReport.updateMany({
      where: { cellId, isDryRun: true, lastAt: null },
      data: { firstAt: now, lastAt: now, turns: 1, seen, findings: toJson(findings), problem },
    });
  }, transactionLimits);
}

type FindingJson = Record<string, string | number | null>;

function toJson(findings: readonly SweptFinding[]): FindingJson[] {
  return findings.map(({ error, ...finding }) => ({ ...finding, ...(error === undefined ? {} : { error }) }));
}

/** The same findings, whatever has come of them by now. */
function isSameNews(one: unknown, other: readonly FindingJson[]): boolean {
  const withoutOutcome = (list: readonly FindingJson[]) =>
    list.map((finding) => ({ ...finding, outcome: null, error: null }));
  return Array.isArray(one) && isDeepStrictEqual(withoutOutcome(one as FindingJson[]), withoutOutcome(other));
}
