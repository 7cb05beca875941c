import { MINUTE_MS, SECOND_MS } from "../shared/clock.ts";
import { chooseNode, hasRoomFor, type PlacementNode, type PlacementWish } from "./choose-node.ts";
import { slotLoad } from "./node-load.ts";

/** An agent beside the one that is to wake: well, awake, and not on its way anywhere. */
export interface WakefulNeighbour {
  agentId: string;
  workingSetMb: number;
  /** When it was last needed. */
  activeAtMs: number;
}

export interface WakeInput {
  /** Where the agent lies, without what it takes itself while it rests. */
  node: PlacementNode;
  /** The other nodes of its cell. */
  others: readonly PlacementNode[];
  wish: PlacementWish;
  neighbours: readonly WakefulNeighbour[];
  /** Neighbours that are about to doze already: their room is as good as free. */
  settling: readonly Pick<WakefulNeighbour, "workingSetMb">[];
  now: number;
}

export type WakeChoice =
  | { kind: "room" }
  /** That one dozes first; then this one is asked for again. */
  | { kind: "doze"; agentId: string }
  /** Another node has room. */
  | { kind: "move" }
  /** Nothing can be done before `untilMs`. */
  | { kind: "wait"; untilMs: number };

/** Nobody who was needed so lately is frozen for somebody else's sake: a person may still be reading the answer. */
export const UNTOUCHED_MS = 2 * MINUTE_MS;
/** How soon to look again when a place is about to be free. */
const SOON_MS = SECOND_MS;
/** How long to wait at most before looking again: places also get free without anybody's announcing it. */
const LATEST_MS = 15 * SECOND_MS;

/**
 * What a wake on a full node does (design, "Numbers to design for"): the longest idle dozes first, else the agent moves,
 * else it waits. Pure.
 */
export function chooseWake({ node, others, wish, neighbours, settling, now }: WakeInput): WakeChoice {
  if (hasRoomFor(node, wish)) return { kind: "room" };
  if (hasRoomFor(without(node, settling), wish)) return { kind: "wait", untilMs: now + SOON_MS };
  const idle = neighbours.filter(({ activeAtMs }) => now - activeAtMs >= UNTOUCHED_MS).toSorted(longestIdleFirst);
  const [longest] = idle;
  // Only where it helps: nobody is frozen for a wake that finds no room all the same.
  if (longest !== undefined && hasRoomFor(without(node, [...settling, ...idle]), wish))
    return { kind: "doze", agentId: longest.agentId };
  if (chooseNode(others, { ...wish, avoid: [...wish.avoid, node.nodeId] }).kind === "chosen") return { kind: "move" };
  const nextIdleMs = Math.min(...neighbours.map(({ activeAtMs }) => activeAtMs + UNTOUCHED_MS));
  return { kind: "wait", untilMs: Math.min(Math.max(nextIdleMs, now + SOON_MS), now + LATEST_MS) };
}

function longestIdleFirst(one: WakefulNeighbour, other: WakefulNeighbour): number {
  return one.activeAtMs - other.activeAtMs || (one.agentId < other.agentId ? -1 : 1);
}

/** The node once these doze. */
function without(node: PlacementNode, dozing: readonly Pick<WakefulNeighbour, "workingSetMb">[]): PlacementNode {
  const movedMb = dozing.reduce((sum, { workingSetMb }) => sum + slotLoad("dozing", workingSetMb).swappedMb, 0);
  const { reservedMb, swappedMb, awake } = node.load;
  const load = { reservedMb: reservedMb - movedMb, swappedMb: swappedMb + movedMb, awake: awake - dozing.length };
  return { ...node, load: { ...node.load, ...load } };
}
