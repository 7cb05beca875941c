import { isAppError } from "@automna/core/shared/app-error";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import { dryRunOutcome, planSweep, type PlannedFinding, type SweepPlan } from "@automna/core/sweeps/plan-sweep";
import type { Database } from "@automna/records/database";
import type { Lease } from "@automna/records/leases";
import { releaseSlot } from "@automna/records/slots";
import {
  answerDryRuns,
  listSweptSlots,
  recordSweepOutcomes,
  recordSweepTurn,
  type SweptFinding,
} from "@automna/records/sweep-reports";
import type { Logger } from "@automna/service-kit/log";
import { newId } from "@automna/service-kit/new-id";
import type { AgentRuntime } from "../agents/agent-runtime.ts";
import { isOurOutage } from "../agents/failure-reason.ts";
import { holdLease, type LeaseTerms } from "../agents/hold-lease.ts";

/** Time to notice a mistake, and for a slower provisioner to finish what it is doing. */
export const ORPHAN_GRACE_MS = 60 * SECOND_MS;

export interface OrphanSweepDeps {
  db: Database;
  runtime: Pick<AgentRuntime, "listOwned" | "stop" | "delete">;
  lease: LeaseTerms;
  /** The cell whose slots the runtime lists. */
  cellId: string;
  /** Somebody's slot is not there: its agent says so when it is looked at. */
  hint: (agentId: string) => void;
  clock: Clock;
  log: Logger;
}

/**
 * Returns one turn of the sweep, by whoever holds its lease: what has no owner goes once it has had none for the grace
 * period (S17), what is missing is told to its agent. Each turn is written down, dry runs that were asked for too.
 */
export function makeOrphanSweep(deps: OrphanSweepDeps): (signal: AbortSignal) => Promise<void> {
  let since: SweepPlan["since"] = new Map();
  return async (signal) => {
    await holdLease(deps.lease, `orphans:${deps.cellId}`, signal, async (lease, working) => {
      since = await sweepOnce(deps, { lease, signal: working, since });
    });
  };
}

interface Turn {
  lease: Lease;
  signal: AbortSignal;
  since: SweepPlan["since"];
}

async function sweepOnce(deps: OrphanSweepDeps, { lease, signal, since }: Turn): Promise<SweepPlan["since"]> {
  const { db, runtime, cellId, clock } = deps;
  const report = { lease, cellId, now: new Date(clock()) };
  let seen: string[];
  try {
    seen = await runtime.listOwned(signal);
  } catch (error) {
    signal.throwIfAborted();
    const blind = { ...report, seen: 0, findings: [], problem: codeOf(error) };
    await answerDryRuns(db, blind);
    await recordSweepTurn(db, { ...blind, newReportId: newId("swp") });
    throw error;
  }
  const recorded = await listSweptSlots(db, { seen, cellId });
  const plan = planSweep({ seen, recorded, since, graceMs: ORPHAN_GRACE_MS, now: report.now.getTime() });
  const counted = { ...report, seen: seen.length, problem: null };
  await answerDryRuns(db, {
    ...counted,
    findings: plan.findings.map((finding) => toReport(finding, dryRunOutcome(finding))),
  });
  const before = plan.findings.map((finding) =>
    toReport(finding, finding.action === "remove" ? "removing" : dryRunOutcome(finding)),
  );
  const reportId = await recordSweepTurn(db, { ...counted, findings: before, newReportId: newId("swp") });
  const findings: SweptFinding[] = [];
  for (const finding of plan.findings) findings.push(await carryOut(deps, finding, { lease, signal, since }));
  if (plan.findings.some(({ action }) => action === "remove"))
    await recordSweepOutcomes(db, { lease, reportId, findings });
  return plan.since;
}

/** Does what was decided about one finding. Throws only what ends the whole turn. */
async function carryOut(deps: OrphanSweepDeps, finding: PlannedFinding, turn: Turn): Promise<SweptFinding> {
  const { kind, slotId, agentId, action } = finding;
  const isNews = !turn.since.has(`${kind} ${slotId}`);
  switch (action) {
    case "wait":
      return toReport(finding, "waits");
    case "leave":
      if (isNews) deps.log.warn({ slotId }, "a slot of this cell is not in the database; it is left alone");
      return toReport(finding, "left_alone");
    case "report":
      if (agentId !== null) deps.hint(agentId);
      return toReport(finding, "reported");
    case "remove":
      return remove(deps, finding, turn);
  }
}

async function remove(deps: OrphanSweepDeps, finding: PlannedFinding, turn: Turn): Promise<SweptFinding> {
  const { db, runtime, clock, log } = deps;
  const { kind, slotId } = finding;
  const call = { signal: turn.signal, fencing: turn.lease.fencing };
  log.warn({ slotId, kind }, "removing a slot that nobody owns");
  try {
    await runtime.stop(slotId, call);
    await runtime.delete(slotId, call);
    if (kind === "unowned") await releaseSlot(db, turn.lease, slotId, new Date(clock()));
    return toReport(finding, "removed");
  } catch (error) {
    if (turn.signal.aborted || isAppError(error, "lease_lost") || isOurOutage(error)) throw error;
    log.error({ err: error, slotId }, "a slot that nobody owns could not be removed; the next turn tries again");
    return { ...toReport(finding, "removal_failed"), error: codeOf(error) };
  }
}

function toReport(
  { kind, slotId, nodeId, agentId, sinceMs }: PlannedFinding,
  outcome: SweptFinding["outcome"],
): SweptFinding {
  return { kind, slotId, nodeId, agentId, sinceMs, outcome };
}

function codeOf(error: unknown): string {
  return isAppError(error) ? error.code : "unexpected";
}
