import { chooseNode, type PlacementNode } from "../placements/choose-node.ts";
import { MINUTE_MS } from "../shared/clock.ts";
import { tierCatalogue, type Tier } from "../tiers/catalogue.ts";
import type { WarmRetirement, WarmSlot } from "./warm-slot.ts";

/** How many slots of a tier each node is to hold ready, e.g. two of `starter`. */
export interface WarmWish {
  tier: Tier;
  perNode: number;
}

/** A node as placement sees it, and what else decides about refills there. */
export interface WarmNode extends PlacementNode {
  /** Agents that are placed, started, moved or upgraded there now: people go before refills. */
  underWay: number;
  /** When a warm slot last failed to come up there; null = none has lately. */
  failedAtMs: number | null;
}

export interface WarmPoolInput {
  wishes: readonly WarmWish[];
  /** What slots are made from now; a warm one of another image is of no use. */
  image: string;
  nodes: readonly WarmNode[];
  slots: readonly WarmSlot[];
  /** Nothing is made while it is; what is there is still given away. */
  isPaused: boolean;
  /** People who are about to get a place somewhere in the cell. */
  unplaced: number;
  /** People for whom no node has room: nobody's slots make way. */
  withoutRoom: number;
  /** `local`: any node, as on one machine. */
  kind: "local" | "shared";
  /** What an awake slot takes of its node, MB. */
  workingSetMb: number;
  now: number;
}

export type WarmPoolStep =
  | { step: "retire"; slotId: string; why: WarmRetirement }
  | { step: "make"; nodeId: string; tier: Tier };

/** After a slot that did not come up a node is left alone this long: what is broken there breaks the next one too. */
export const FAILURE_PAUSE_MS = 5 * MINUTE_MS;

/** Which warm slots go, and where the next ones are made; at most one at a time on each node. Pure. */
export function planWarmPool(input: WarmPoolInput): WarmPoolStep[] {
  const retired = planRetirements(input);
  return [...retired, ...planRefills(input, new Set(retired.map(({ slotId }) => slotId)))];
}

type Retirement = Extract<WarmPoolStep, { step: "retire" }>;

function planRetirements({ wishes, image, nodes, slots, withoutRoom }: WarmPoolInput): Retirement[] {
  const steps: Retirement[] = [];
  for (const node of nodes) {
    // Nothing can be stopped where nobody can look; whoever deploys is given none of these.
    if (node.isLost) continue;
    const here = slots.filter(({ nodeId, state }) => nodeId === node.nodeId && state !== "retiring");
    let makesRoom = withoutRoom > 0;
    const kept = new Map<Tier, number>();
    for (const slot of here.toSorted(readyFirst)) {
      const count = kept.get(slot.tier) ?? 0;
      const wanted = wishes.find(({ tier }) => tier === slot.tier)?.perNode ?? 0;
      const why = whyRetire({ node, isOutdated: slot.image !== image, isSurplus: count >= wanted, makesRoom });
      if (why === null) kept.set(slot.tier, count + 1);
      else steps.push({ step: "retire", slotId: slot.slotId, why });
      if (why !== null) makesRoom = false;
    }
  }
  return steps;
}

function whyRetire(facts: {
  node: WarmNode;
  isOutdated: boolean;
  isSurplus: boolean;
  makesRoom: boolean;
}): WarmRetirement | null {
  if (facts.node.isCordoned || facts.node.isDraining || facts.node.ownerId !== null) return "node_leaving";
  if (facts.isOutdated) return "image_changed";
  if (facts.isSurplus) return "not_wanted";
  return facts.makesRoom ? "room_needed" : null;
}

/** What is ready is kept before what is still being made, the older before the younger. */
function readyFirst(one: WarmSlot, other: WarmSlot): number {
  if (one.state !== other.state) return one.state === "ready" ? -1 : 1;
  return one.sinceMs - other.sinceMs || (one.slotId < other.slotId ? -1 : 1);
}

function planRefills(input: WarmPoolInput, leaving: ReadonlySet<string>): WarmPoolStep[] {
  const { nodes, slots, isPaused, unplaced, withoutRoom, wishes, image } = input;
  if (isPaused || unplaced > 0 || withoutRoom > 0) return [];
  return nodes.flatMap((node): WarmPoolStep[] => {
    const here = slots.filter(({ slotId, nodeId }) => nodeId === node.nodeId && !leaving.has(slotId));
    // One boot at a time, and none beside somebody's.
    if (node.underWay > 0 || here.some(({ state }) => state === "making")) return [];
    if (node.failedAtMs !== null && input.now - node.failedAtMs < FAILURE_PAUSE_MS) return [];
    const short = wishes.find(({ tier, perNode }) => {
      const have = here.filter((slot) => slot.tier === tier && slot.image === image && slot.state === "ready").length;
      return have < perNode && hasRoom(node, tier, input);
    });
    return short === undefined ? [] : [{ step: "make", nodeId: node.nodeId, tier: short.tier }];
  });
}

/** The last place on a node is a person's: a refill needs room for itself and for one more. */
function hasRoom(node: WarmNode, tier: Tier, { kind, workingSetMb }: WarmPoolInput): boolean {
  const { memoryMb } = tierCatalogue[tier];
  const takenMb = Math.min(memoryMb, workingSetMb);
  const load = { ...node.load, reservedMb: node.load.reservedMb + takenMb, awake: node.load.awake + 1 };
  const wish = { kind, userId: null, memoryMb, workingSetMb: takenMb, avoid: [] };
  return chooseNode([{ ...node, load }], wish).kind === "chosen";
}
