import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@automna/core/shared/app-error";
import { send } from "./end-slot.ts";
import type { ProcessFacts } from "./process-table.ts";
import { findSlotProcesses, type SlotMark } from "./slot-processes.ts";

const POLL_MS = 20;
/** A process stops at once unless it hangs in the kernel, ms. */
const FREEZE_DEADLINE_MS = 10_000;

/**
 * Freezes everything of a slot. agentd comes last: it counts as dozing once agentd is frozen, so a freeze that a crash
 * cut short is seen as none. Throws `slot_not_running` when nothing runs, `doze_overdue` when something goes on.
 */
export async function freezeSlot(mark: SlotMark, signal: AbortSignal): Promise<void> {
  await signalUntil(mark, signal, ({ leader, members }) => {
    const others = members.filter((process) => process.pid !== leader?.pid && !process.isStopped);
    const next = others.length === 0 ? members.filter((process) => !process.isStopped) : others;
    for (const { pid } of next) send("SIGSTOP", pid);
    return next.length === 0;
  });
}

/** Lets everything of a slot go on, agentd last. Throws as freezeSlot does. */
export async function thawSlot(mark: SlotMark, signal: AbortSignal): Promise<void> {
  await signalUntil(mark, signal, ({ leader, members }) => {
    const frozen = members.filter((process) => process.isStopped);
    const others = frozen.filter((process) => process.pid !== leader?.pid);
    for (const { pid } of others.length === 0 ? frozen : others) send("SIGCONT", pid);
    return frozen.length === 0;
  });
}

/** Acts on what runs of the slot until `act` finds nothing left to do: processes start others meanwhile. */
async function signalUntil(
  mark: SlotMark,
  signal: AbortSignal,
  act: (seen: { leader: ProcessFacts | null; members: ProcessFacts[] }) => boolean,
): Promise<void> {
  for (const deadline = performance.now() + FREEZE_DEADLINE_MS; ; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    const seen = await findSlotProcesses(mark);
    if (seen.leader === null) throw new AppError("slot_not_running", "conflict", `nothing of ${mark.slotId} runs`);
    if (act(seen)) return;
    if (performance.now() > deadline)
      throw new AppError("doze_overdue", "transient", `not everything of ${mark.slotId} can be frozen or thawed`);
  }
}
