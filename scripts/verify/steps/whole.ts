import { describeProcess, descendsFrom, findProcesses, listProcesses } from "@automna/testkit/processes";
import { productProcesses, type Product } from "@automna/testkit/product";
import type { ScenarioContext } from "../harness/scenario.ts";
import { queryDatabase } from "./database.ts";

/** Checks that there is one agent and nothing besides: in the database, among the processes, on the disk. */
export async function assertOneAgent(ctx: ScenarioContext, product: Product): Promise<void> {
  const agents = await queryDatabase<{ id: string; slot_id: string }>(
    product,
    "SELECT id, slot_id FROM agents WHERE phase <> 'deleted'",
  );
  const slots = await queryDatabase<{ id: string }>(product, "SELECT id FROM slots WHERE released_at IS NULL");
  ctx.hold(agents.length === 1, "there is one agent in the database", agents);
  ctx.hold(slots.length === 1 && slots[0]?.id === agents[0]?.slot_id, "there is one slot, and it is the agent's", {
    slots,
    agents,
  });
  const running = product.slotProcesses();
  ctx.hold(
    running.length === 1 && running[0]?.slotId === slots[0]?.id,
    "one slot has a process on this machine, and it is that one",
    running,
  );
  const gateways = findProcesses({ folder: product.dataDir }).filter(
    ({ parentPid, environment }) =>
      running.some(({ pid }) => pid === parentPid) && environment.includes("OPENCLAW_STATE_DIR="),
  );
  ctx.hold(gateways.length === 1, "one gateway runs in it", gateways.map(describeProcess));
  assertNoOrphan(ctx, product);
}

/** Checks that every process of the installation belongs to `up` or to an agent that runs. */
export function assertNoOrphan(ctx: ScenarioContext, product: Product): void {
  const all = listProcesses();
  const roots = new Set([product.instance().pid, ...product.slotProcesses().map(({ pid }) => pid)]);
  // The bootstrap is `up`'s parent and names the data folder too.
  const bootstrap = all.find(({ pid }) => pid === product.instance().pid)?.parentPid;
  const orphans = productProcesses(product.dataDir).filter(
    (found) => found.pid !== bootstrap && !descendsFrom(found, roots, all),
  );
  ctx.hold(orphans.length === 0, "no process is an orphan", orphans.map(describeProcess));
}
