import type { DrainView, NodeView, SweepReportView, WarmPoolView } from "@automna/contract/admin-cells";
import type { WaveView } from "@automna/contract/admin-waves";
import type { CordonReason } from "@automna/core/nodes/node-health";
import type { SweepFindingKind, SweepOutcome } from "@automna/core/sweeps/plan-sweep";
import type { WaveMemberState, WaveState } from "@automna/core/upgrades/wave";
import type { MarkTone } from "../../components/StateMark.tsx";

/** "24.0 GB", "900 MB" */
export function formatMb(mb: number): string {
  return mb >= 1_024 ? `${(mb / 1_024).toFixed(1)} GB` : `${mb} MB`;
}

const cordonWords: Record<CordonReason, string> = {
  operator: "by an operator",
  keeps_failing: "because agents keep failing there",
};

/** The node's state at a glance: the worst first. */
export function nodeState({ lostSinceMs, drain, drainingSinceMs, cordon, failures, swapMb }: NodeView): {
  tone: MarkTone;
  word: string;
  detail: string | null;
} {
  if (lostSinceMs !== null)
    return { tone: "failing", word: "Lost", detail: "It does not answer. Its agents wait; nothing is started twice." };
  if (drainingSinceMs !== null && drain?.state === "running")
    return { tone: "working", word: "Draining", detail: drainWords(drain) };
  if (cordon !== null) {
    const isEmpty = drain?.state === "done" ? " It was drained." : "";
    return { tone: "waiting", word: "Cordoned", detail: `No new agents, ${cordonWords[cordon.reason]}.${isEmpty}` };
  }
  const details = [
    ...(failures === 0 ? [] : [`${failures} ${failures === 1 ? "slot" : "slots"} failed to run there lately.`]),
    ...(swapMb === 0 ? ["It has no swap: agents that doze keep all their memory."] : []),
  ];
  return { tone: "ready", word: "Ready", detail: details.length === 0 ? null : details.join(" ") };
}

/** "3 of 10 moved, 2 on their way, 1 stuck" */
export function drainWords({ total, left, moving, stuck }: DrainView): string {
  const parts = [`${total - left} of ${total} moved`];
  if (moving > 0) parts.push(`${moving} on their way`);
  if (stuck > 0) parts.push(`${stuck} stuck: no room elsewhere, or not well`);
  return parts.join(", ");
}

/** Share of its memory that is reserved, percent; null = it is not counted. */
export function reservedPercent({ memoryMb, load }: NodeView): number | null {
  return memoryMb === null ? null : Math.min(100, Math.round((100 * load.reservedMb) / Math.max(1, memoryMb)));
}

/** A cell's warm pool at a glance: what it is to hold, what it holds, and whether it goes on. */
export function warmPoolWords(
  { pausedSinceMs, wishes }: WarmPoolView,
  nodes: readonly NodeView["warm"][],
): { tone: MarkTone; word: string; detail: string } {
  const sum = (pick: (warm: NodeView["warm"]) => number) => nodes.reduce((total, warm) => total + pick(warm), 0);
  const [ready, making, retiring] = [
    sum((warm) => warm.ready),
    sum((warm) => warm.making),
    sum((warm) => warm.retiring),
  ];
  const goal = wishes.map(({ tier, perNode }) => `${perNode} ${tier}`).join(" and ");
  const parts = [
    wishes.length === 0 ? "The provisioner is told to make none" : `Each node is to hold ${goal}`,
    `${ready} ready`,
    ...(making === 0 ? [] : [`${making} on the way`]),
    ...(retiring === 0 ? [] : [`${retiring} going`]),
  ];
  const detail = `${parts.join(", ")}.`;
  if (wishes.length === 0) return { tone: "asleep", word: "Off", detail };
  return pausedSinceMs === null ? { tone: "ready", word: "On", detail } : { tone: "waiting", word: "Paused", detail };
}

/** What waits at a node's start gate, in words; null = nothing does, and nothing boots. */
export function gateWords({ booting, waiting, waitingPeople }: NodeView["gate"]): string | null {
  if (booting === 0 && waiting === 0) return null;
  const people = waiting === 0 ? "" : ` (${waitingPeople} for people)`;
  return `${booting} booting, ${waiting} waiting for their turn${people}`;
}

export const waveStateMarks: Record<WaveState, { tone: MarkTone; word: string }> = {
  draft: { tone: "waiting", word: "Not started" },
  running: { tone: "working", word: "Running" },
  paused: { tone: "waiting", word: "Paused" },
  halted: { tone: "failing", word: "Halted" },
  rolling_back: { tone: "working", word: "Rolling back" },
  rolled_back: { tone: "asleep", word: "Rolled back" },
  done: { tone: "ready", word: "Done" },
};

export const memberMarks: Record<WaveMemberState, { tone: MarkTone; word: string }> = {
  waiting: { tone: "waiting", word: "Waits" },
  upgrading: { tone: "working", word: "Upgrading" },
  upgraded: { tone: "ready", word: "Upgraded" },
  failed: { tone: "failing", word: "Failed" },
  reverting: { tone: "working", word: "Going back" },
  reverted: { tone: "asleep", word: "Taken back" },
  stuck: { tone: "failing", word: "Stuck: needs a person" },
  gone: { tone: "asleep", word: "Deleted meanwhile" },
};

const whyWords: Record<string, string> = {
  all_done: "Everybody has it.",
  too_many_failed: "More of a batch failed than may.",
  all_taken_back: "Everybody has the former image.",
};

/** Why a wave is as it is; null = an operator did it. */
export function waveWhy({ why }: Pick<WaveView, "why">): string | null {
  return why === null ? null : (whyWords[why] ?? why);
}

/** How many of its agents have the image, percent; who is gone counts as dealt with. */
export function waveProgress({ counts, total }: Pick<WaveView, "counts" | "total">): number {
  return total === 0 ? 100 : Math.round((100 * ((counts.upgraded ?? 0) + (counts.gone ?? 0))) / total);
}

export const findingWords: Record<SweepFindingKind, string> = {
  released: "Left behind: its record was released",
  unowned: "Nobody's: recorded, and no agent has it",
  foreign: "Not in this database",
  missing: "Missing: an agent has it and it is not there",
};

export const outcomeMarks: Record<SweepOutcome, { tone: MarkTone; word: string }> = {
  waits: { tone: "waiting", word: "Waits for the grace period" },
  would_remove: { tone: "waiting", word: "Would be removed" },
  removing: { tone: "working", word: "Removal begun" },
  removed: { tone: "ready", word: "Removed" },
  removal_failed: { tone: "failing", word: "Not removed" },
  left_alone: { tone: "asleep", word: "Left alone" },
  reported: { tone: "failing", word: "Told to its agent" },
};

/** A report in one line. */
export function sweepSummary({ lastAtMs, problem, findings, seen, turns }: SweepReportView): string {
  if (lastAtMs === null) return "Waits for the next sweep.";
  if (problem !== null) return `Nothing could be seen: ${problem}.`;
  const looked = `${seen} ${seen === 1 ? "slot" : "slots"} seen${turns > 1 ? `, ${turns} times the same` : ""}`;
  return findings.length === 0 ? `All in order, ${looked}.` : `${findings.length} found, ${looked}.`;
}
