import { takenMb } from "./node-load.ts";

/** What placement knows of a node. */
export interface PlacementNode {
  nodeId: string;
  name: string;
  /** The one customer whose agents it carries; null = shared. */
  ownerId: string | null;
  isCordoned: boolean;
  isDraining: boolean;
  isLost: boolean;
  /** Memory that slots may take, MB; null = it is not counted. */
  memoryMb: number | null;
  /** Where dozing slots leave their memory, MB; null = not known, taken as enough. */
  swapMb: number | null;
  /** Null = as many as have room. */
  awakeLimit: number | null;
  load: NodeLoad;
}

export interface NodeLoad {
  /** Working sets of what is awake there, and what dozing slots keep, MB. */
  reservedMb: number;
  /** What dozing slots gave away, MB. */
  swappedMb: number;
  awake: number;
  /** Everything that has a place there, asleep or not. */
  slots: number;
  hasFreePort: boolean;
}

export interface PlacementWish {
  /** `local`: any node of the cell, as on one machine; `shared`: nodes of nobody; `dedicated`: its owner's nodes alone. */
  kind: "local" | "shared" | "dedicated";
  /** Whose agent it is; null = nobody's yet (a warm slot). */
  userId: string | null;
  /** Limit of the slot, MB: no node takes one that it could never give. */
  memoryMb: number;
  /** What it takes while awake, MB. */
  workingSetMb: number;
  /** Nodes that it must not go to: the one that a move leaves. */
  avoid: readonly string[];
}

/** Why a node does not take a slot, in the order in which it is looked at. */
export const nodeRefusals = [
  "avoided",
  "lost",
  "cordoned",
  "draining",
  "dedicated_to_another",
  "not_dedicated",
  "too_small",
  "no_memory",
  "too_many_awake",
  "no_port",
] as const;
export type NodeRefusal = (typeof nodeRefusals)[number];

export type Placement =
  | { kind: "chosen"; nodeId: string }
  /** `why` is for operators: it names nodes. */
  | { kind: "none"; refusals: readonly { nodeId: string; refusal: NodeRefusal }[]; why: string };

/**
 * Working sets are measured, and measurements vary: this share of a node's memory is promised to nobody, so that a few
 * agents that grow together do not push the node into killing one.
 */
export const HEADROOM_SHARE = 0.1;

/** The node for a new slot: of those that may take it, the one with the largest share of memory left. Pure. */
export function chooseNode(nodes: readonly PlacementNode[], wish: PlacementWish): Placement {
  const judged = nodes.map((node) => ({ node, refusal: refusalOf(node, wish) }));
  const [best] = judged.flatMap(({ node, refusal }) => (refusal === null ? [node] : [])).toSorted(byRoomLeft);
  if (best !== undefined) return { kind: "chosen", nodeId: best.nodeId };
  const refused = judged.flatMap(({ node, refusal }) => (refusal === null ? [] : [{ node, refusal }]));
  return {
    kind: "none",
    refusals: refused.map(({ node, refusal }) => ({ nodeId: node.nodeId, refusal })),
    why:
      refused.length === 0
        ? "the cell has no nodes"
        : refused.map(({ node, refusal }) => `${node.name} ${explain(refusal, node, wish)}`).join("; "),
  };
}

function refusalOf(node: PlacementNode, wish: PlacementWish): NodeRefusal | null {
  if (wish.avoid.includes(node.nodeId)) return "avoided";
  if (node.isLost) return "lost";
  if (node.isCordoned) return "cordoned";
  if (node.isDraining) return "draining";
  if (node.ownerId !== null && (wish.kind !== "dedicated" || node.ownerId !== wish.userId))
    return "dedicated_to_another";
  if (wish.kind === "dedicated" && node.ownerId === null) return "not_dedicated";
  if (node.memoryMb !== null && wish.memoryMb > node.memoryMb) return "too_small";
  return loadRefusal(node, wish) ?? (node.load.hasFreePort ? null : "no_port");
}

function loadRefusal(node: PlacementNode, { workingSetMb }: Pick<PlacementWish, "workingSetMb">): NodeRefusal | null {
  if (roomMb(node) < workingSetMb) return "no_memory";
  return node.awakeLimit !== null && node.load.awake >= node.awakeLimit ? "too_many_awake" : null;
}

/** True when one more may be awake there, whatever else speaks against a new slot. */
export function hasRoomFor(node: PlacementNode, wish: Pick<PlacementWish, "workingSetMb">): boolean {
  return loadRefusal(node, wish) === null;
}

/** Memory that may still be promised, MB. */
function roomMb({ memoryMb, swapMb, load }: PlacementNode): number {
  return memoryMb === null ? Infinity : Math.floor(memoryMb * (1 - HEADROOM_SHARE)) - takenMb(load, swapMb);
}

/** Spread: the emptiest first, then the one with the fewest slots, which wake sooner or later; the id decides ties. */
function byRoomLeft(one: PlacementNode, other: PlacementNode): number {
  return shareLeft(other) - shareLeft(one) || one.load.slots - other.load.slots || (one.nodeId < other.nodeId ? -1 : 1);
}

function shareLeft(node: PlacementNode): number {
  return node.memoryMb === null ? 1 : roomMb(node) / node.memoryMb;
}

function explain(refusal: NodeRefusal, node: PlacementNode, wish: PlacementWish): string {
  const texts: Record<NodeRefusal, string> = {
    avoided: "is the one to leave",
    lost: "is lost",
    cordoned: "is cordoned",
    draining: "is being drained",
    dedicated_to_another: "is dedicated to one customer",
    not_dedicated: "is shared, and this customer's agents have machines of their own",
    too_small: `has ${node.memoryMb} MB in all and the slot may take ${wish.memoryMb}`,
    no_memory: `has ${Math.max(0, roomMb(node))} MB left and ${wish.workingSetMb} are needed`,
    too_many_awake: `has ${node.load.awake} awake, as many as it may`,
    no_port: "has no free port",
  };
  return texts[refusal];
}
