import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isListening } from "@automna/testkit/listening-ports";
import { describeProcess, findProcesses, isRunning, ownersBelow } from "@automna/testkit/processes";
import type { Product } from "@automna/testkit/product";
import type { ScenarioContext } from "../harness/scenario.ts";

/** What a running agent has on this machine. */
export interface SlotTraces {
  slotId: string;
  folder: string;
  pid: number;
  port: number;
  /** Users of its own, when we are root. */
  uids: ReadonlySet<number>;
}

/** Everything the one running agent has, for looking later whether it is gone. */
export function observeSlot(ctx: ScenarioContext, product: Product): SlotTraces {
  const [slot, ...others] = product.slotProcesses();
  ctx.must(slot !== undefined && others.length === 0, "exactly one agent runs");
  const folder = join(product.dataDir, "slots", slot.slotId);
  const uids = ownersBelow(folder, new Set([0, process.getuid?.() ?? 0]));
  const agentd = findProcesses({ folder }).find(({ pid }) => pid === slot.pid);
  const port = Number(/^AGENTD_PORT=(\d+)$/m.exec(agentd?.environment ?? "")?.[1] ?? 0);
  ctx.must(port > 0, "its port is known");
  if (process.getuid?.() === 0) ctx.hold(uids.size >= 2, "agentd and the gateway have users of their own", [...uids]);
  return { slotId: slot.slotId, folder, pid: slot.pid, port, uids };
}

/** Checks that nothing of the agent is left: no process, no port, no file, no user's process. */
export async function assertSlotGone(
  ctx: ScenarioContext,
  product: Product,
  { slotId, folder, pid, port, uids }: SlotTraces,
): Promise<void> {
  await ctx.eventually("the deleted agent's process is gone", () => (isRunning(pid) ? null : true), {
    timeoutMs: 60_000,
  });
  await ctx.eventually("its folder is gone", () => (existsSync(folder) ? null : true), { timeoutMs: 30_000 });
  const processes = findProcesses({ folder: slotId, uids });
  ctx.hold(processes.length === 0, "no process of it or of its users is left", processes.map(describeProcess));
  ctx.hold(!(await isListening(port)), "its port is closed");
  const folders = readdirSync(join(product.dataDir, "slots")).filter((name) => name.includes("slt_"));
  ctx.hold(folders.length === 0, "no slot's folder is left", folders);
}
