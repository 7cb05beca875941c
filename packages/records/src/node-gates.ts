import { transactionLimits, type Database } from "./database.ts";

/** What waits at one node's start gate. */
export interface NodeGateFacts {
  nodeId: string;
  capacityCpuS: number | null;
  booting: number;
  waiting: number;
  waitingPeople: number;
}

/** What nobody has said for so long is not so any more: its provisioner is gone. */
export const GATE_FACTS_KEPT_MS = 60_000;

/** Writes down one provisioner's gates, in place of what it said before; nodes that are not known are left out. */
export async function recordNodeGates(
  db: Database,
  { holder, gates, now }: { holder: string; gates: readonly NodeGateFacts[]; now: Date },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.nodeGate.deleteMany({
      where: { OR: [{ holder }, { at: { lt: new Date(now.getTime() - GATE_FACTS_KEPT_MS) } }] },
    });
    const known = await tx.node.findMany({
      where: { id: { in: gates.map(({ nodeId }) => nodeId) } },
      select: { id: true },
    });
    const data = gates.filter(({ nodeId }) => known.some(({ id }) => id === nodeId));
    await tx.nodeGate.createMany({ data: data.map((gate) => ({ ...gate, holder, at: now })) });
  }, transactionLimits);
}
