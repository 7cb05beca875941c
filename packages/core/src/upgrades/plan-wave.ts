import type { AgentPhase } from "../agents/agent-phase.ts";
import { unreachable } from "../shared/unreachable.ts";
import { batchSize, type Wave, type WaveAgent, type WaveMember, type WaveMemberState, type WaveState } from "./wave.ts";

export type WaveStep =
  /** What has become of a member. */
  | { step: "settle"; agentId: string; to: WaveMemberState }
  /** Take a waiting member into a batch and wish the new image for its agent. */
  | { step: "begin"; agentId: string; batch: number }
  /** Wish the former image, with the data that belonged to it. */
  | { step: "revert"; agentId: string }
  | { step: "setState"; to: WaveState; why: WaveEnd }
  /** Nothing to do before `untilMs`; null = before an agent changes. */
  | { step: "wait"; untilMs: number | null };

/** Why a wave changed its state by itself. */
export type WaveEnd = "all_done" | "too_many_failed" | "all_taken_back";

/**
 * The next steps of a wave: first what has become of those under way, then at most one batch. Pure, and asked again with
 * what is recorded it goes on where it was: a member is recorded together with the wish for its agent.
 */
export function planWave(wave: Wave, now: number): WaveStep[] {
  const { state } = wave;
  switch (state) {
    case "draft":
    case "rolled_back":
      return [];
    case "done":
    case "halted":
    case "paused":
      return [...settleAll(wave), ...takeBack(wave, hasFailed)];
    case "running":
      return planRunning(wave, now);
    case "rolling_back":
      return planRollback(wave);
    default:
      return unreachable(state);
  }
}

/** What a member is now, by its agent; null = as recorded. */
export function settled({ state, agent }: WaveMember): WaveMemberState | null {
  const { phase, isOnTarget } = agent;
  if (phase === "deleted" || phase === "deleting") return state === "gone" || isEnded(state) ? null : "gone";
  switch (state) {
    case "upgrading":
      if (isOnItsWay(agent)) return null;
      return isOnTarget && phase !== "failed" ? "upgraded" : "failed";
    case "upgraded":
      return isOnTarget && (phase === "failing" || phase === "failed") ? "failed" : null;
    case "reverting":
      if (isOnItsWay(agent)) return null;
      return isOnTarget || phase === "failed" ? "stuck" : "reverted";
    case "failed":
      // Its own upgrade step took it back, image and data.
      return !isOnTarget && phase !== "failed" && !isOnItsWay(agent) ? "reverted" : null;
    case "waiting":
    case "reverted":
    case "stuck":
    case "gone":
      return null;
    default:
      return unreachable(state);
  }
}

/** More of a batch failed than may: judged by the size of the batch, so that the first failures already count. */
export function hasFailedTooOften(wave: Wave): boolean {
  const batches = new Map<number, { size: number; failed: number }>();
  for (const { batch, state } of wave.members) {
    if (batch === null || batch < wave.acceptedBatches) continue;
    const counted = batches.get(batch) ?? { size: 0, failed: 0 };
    counted.size += 1;
    if (failedStates.has(state)) counted.failed += 1;
    batches.set(batch, counted);
  }
  return [...batches.values()].some(({ size, failed }) => failed > size * wave.settings.maxFailureShare);
}

function planRunning(wave: Wave, now: number): WaveStep[] {
  const settling = settleAll(wave);
  // What was found out counts before anybody else is begun.
  if (settling.length > 0) return settling;
  const { members, settings } = wave;
  if (hasFailedTooOften(wave)) {
    const to = settings.takesBack === "all" ? "rolling_back" : "halted";
    return [{ step: "setState", to, why: "too_many_failed" }];
  }
  const reverts = takeBack(wave, hasFailed);
  if (reverts.length > 0) return reverts;
  if (members.some(isUnderWay)) return [{ step: "wait", untilMs: null }];
  const waiting = members.filter(({ state }) => state === "waiting");
  const batches = members.flatMap(({ batch }) => (batch === null ? [] : [batch]));
  const next = batches.length === 0 ? 0 : Math.max(...batches) + 1;
  const soakedAt = next === 1 && wave.settledAtMs !== null ? wave.settledAtMs + settings.soakMs : now;
  if (now < soakedAt) return [{ step: "wait", untilMs: soakedAt }];
  if (waiting.length === 0) return [{ step: "setState", to: "done", why: "all_done" }];
  const isDeferred = ({ deferredUntilMs }: WaveMember) => deferredUntilMs !== null && deferredUntilMs > now;
  const free = waiting.filter((member) => !isDeferred(member) && wellPhases.has(member.agent.phase));
  if (free.length === 0) {
    // What is not well now is not made worse; it has its turn when it is, or the wave is ended by hand.
    const deferred = waiting.filter(isDeferred).map(({ deferredUntilMs }) => deferredUntilMs ?? now);
    return [{ step: "wait", untilMs: deferred.length === waiting.length ? Math.min(...deferred) : null }];
  }
  return free
    .slice(0, batchSize(settings, next))
    .map(({ agentId }) => ({ step: "begin", agentId, batch: next }) as const);
}

function planRollback(wave: Wave): WaveStep[] {
  const settling = settleAll(wave);
  if (settling.length > 0) return settling;
  const hasNewImage = ({ state, agent }: WaveMember) =>
    state === "upgraded" || state === "failed" || (state === "upgrading" && !agent.isUnderWay);
  const steps = takeBack(wave, hasNewImage);
  if (steps.length > 0) return steps;
  return wave.members.some(isUnderWay)
    ? [{ step: "wait", untilMs: null }]
    : [{ step: "setState", to: "rolled_back", why: "all_taken_back" }];
}

/** Reverts those for whom it applies and who have the new image, never more at once than a batch may have. */
function takeBack({ members, settings }: Wave, applies: (member: WaveMember) => boolean): WaveStep[] {
  const room = settings.maxBatch - members.filter(isUnderWay).length;
  return members
    .filter((member) => applies(member) && settled(member) === null && member.agent.isOnTarget)
    .slice(0, Math.max(0, room))
    .map(({ agentId }) => ({ step: "revert", agentId }) as const);
}

function settleAll({ members }: Wave): WaveStep[] {
  return members.flatMap((member) => {
    const to = settled(member);
    return to === null ? [] : [{ step: "settle", agentId: member.agentId, to } as const];
  });
}

function hasFailed({ state }: WaveMember): boolean {
  return state === "failed";
}

function isUnderWay({ state }: WaveMember): boolean {
  return state === "upgrading" || state === "reverting";
}

/** An agent that fails is tried again by itself, until it is well or parked for a person to look at. */
function isOnItsWay({ phase, isUnderWay }: WaveAgent): boolean {
  return phase !== "failed" && (isUnderWay || !wellPhases.has(phase));
}

function isEnded(state: WaveMemberState): boolean {
  return state === "failed" || state === "reverted" || state === "stuck";
}

const failedStates: ReadonlySet<WaveMemberState> = new Set(["failed", "reverting", "reverted", "stuck"]);
/** Phases in which an agent is as it should be, and can be given another image. */
const wellPhases: ReadonlySet<AgentPhase> = new Set(["ready", "dozing", "asleep"]);
