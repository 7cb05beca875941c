import type { CellList, NodeView } from "@automna/contract/admin-cells";
import { warmWishesSchema } from "@automna/contract/admin-cells";
import type { Cell } from "@automna/prisma/generated/client";
import type { Database } from "@automna/records/database";
import { GATE_FACTS_KEPT_MS } from "@automna/records/node-gates";

/** A cell's warm pool as operators see it. */
export function toWarmPoolView({ warmPausedAt, warmWishes }: Cell): CellList["cells"][number]["warmPool"] {
  return { pausedSinceMs: warmPausedAt?.getTime() ?? null, wishes: warmWishesSchema.parse(warmWishes) };
}

/** What each node holds ready, and what waits at its start gate: two queries for all of them. */
export async function readWaiting(
  db: Database,
  nodeIds: string[],
  now: number,
): Promise<(nodeId: string) => Pick<NodeView, "warm" | "gate">> {
  const [warm, gates] = await Promise.all([
    db.slot.groupBy({
      by: ["nodeId", "warmState"],
      where: { nodeId: { in: nodeIds }, releasedAt: null, warmState: { not: null } },
      _count: true,
    }),
    db.nodeGate.findMany({ where: { nodeId: { in: nodeIds }, at: { gt: new Date(now - GATE_FACTS_KEPT_MS) } } }),
  ]);
  return (nodeId) => {
    const countOf = (state: string) =>
      warm.find((row) => row.nodeId === nodeId && row.warmState === state)?._count ?? 0;
    const here = gates.filter((gate) => gate.nodeId === nodeId);
    const sum = (facts: readonly number[]) => facts.reduce((total, fact) => total + fact, 0);
    return {
      warm: { ready: countOf("ready"), making: countOf("making"), retiring: countOf("retiring") },
      gate: {
        booting: sum(here.map(({ booting }) => booting)),
        waiting: sum(here.map(({ waiting }) => waiting)),
        waitingPeople: sum(here.map(({ waitingPeople }) => waitingPeople)),
      },
    };
  };
}
