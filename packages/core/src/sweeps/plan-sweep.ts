/** A slot that was found on a node or is recorded for one. */
export interface SweptSlot {
  slotId: string;
  nodeId: string;
  /** Its record says that nothing of it is left. */
  isReleased: boolean;
  /** The agent that has it, moves to it or keeps its data there; null = nobody's. */
  agentId: string | null;
  /** Made and started before there is an agent for it: that nobody has it is as it should be. */
  isWarm: boolean;
  /** It has been made and nobody wants it gone: then something of it has to be there. */
  isExpected: boolean;
}

export const sweepFindingKinds = ["released", "unowned", "foreign", "missing"] as const;
/**
 * released: left on a node although its record was released. unowned: recorded, and nobody has it. foreign: found with
 * our mark and never recorded in this database, so another database's. missing: somebody has it and it is not there.
 */
export type SweepFindingKind = (typeof sweepFindingKinds)[number];

export const sweepOutcomes = [
  "waits",
  "would_remove",
  /** Begun; stays so where the sweep died over it. */
  "removing",
  "removed",
  "removal_failed",
  "left_alone",
  "reported",
] as const;
export type SweepOutcome = (typeof sweepOutcomes)[number];

export interface SweepFinding {
  kind: SweepFindingKind;
  slotId: string;
  /** Null = not known here. */
  nodeId: string | null;
  agentId: string | null;
  /** Since when it has been so, as far as this sweep has watched. */
  sinceMs: number;
}

export interface PlannedFinding extends SweepFinding {
  /** wait: until the grace period is over; leave: never ours to touch; report: for a person to look at. */
  action: "wait" | "remove" | "leave" | "report";
}

export interface SweepInput {
  /** Ids of the slots of this installation that were found on the nodes. */
  seen: readonly string[];
  /** Records of what was found and of everything that should be there, read after `seen`. */
  recorded: readonly SweptSlot[];
  /** What the turn before answered. */
  since: ReadonlyMap<string, number>;
  graceMs: number;
  now: number;
}

export interface SweepPlan {
  findings: PlannedFinding[];
  /** For the next turn: since when each finding has been one without a break. */
  since: ReadonlyMap<string, number>;
}

const keyOf = (kind: SweepFindingKind, slotId: string) => `${kind} ${slotId}`;

/**
 * What has no owner, and what has one and is not there. Pure. A slot is recorded before it is made and its record is
 * never removed, so that `recorded`, read after `seen`, knows every slot that this database has ever made.
 */
export function planSweep({ seen, recorded, since, graceMs, now }: SweepInput): SweepPlan {
  const seenIds = new Set(seen);
  const records = new Map(recorded.map((slot) => [slot.slotId, slot]));
  const next = new Map<string, number>();
  const findings: PlannedFinding[] = [];
  const find = (kind: SweepFindingKind, slotId: string, action: "remove" | "leave" | "report") => {
    const sinceMs = since.get(keyOf(kind, slotId)) ?? now;
    next.set(keyOf(kind, slotId), sinceMs);
    const record = records.get(slotId);
    const isEarly = action !== "leave" && now - sinceMs < graceMs;
    findings.push({
      kind,
      slotId,
      nodeId: record?.nodeId ?? null,
      agentId: record?.agentId ?? null,
      sinceMs,
      action: isEarly ? "wait" : action,
    });
  };
  for (const slotId of seenIds) if (!records.has(slotId)) find("foreign", slotId, "leave");
  for (const { slotId, isReleased, agentId, isWarm, isExpected } of recorded) {
    if (isReleased) {
      if (seenIds.has(slotId)) find("released", slotId, "remove");
    } else if (agentId === null && !isWarm) find("unowned", slotId, "remove");
    else if (isExpected && !seenIds.has(slotId)) find("missing", slotId, "report");
  }
  return { findings, since: next };
}

/** What a finding comes to in a dry run, which touches nothing. */
export function dryRunOutcome({ action }: PlannedFinding): SweepOutcome {
  switch (action) {
    case "wait":
      return "waits";
    case "remove":
      return "would_remove";
    case "leave":
      return "left_alone";
    case "report":
      return "reported";
  }
}
