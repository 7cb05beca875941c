import { appError } from "@automna/contract/error-catalogue";
import { setWarmPause } from "@automna/records/warm-slots";
import type { CellActionContext, CellActionExecutor, CellActionOutcome } from "./cell-action.ts";

/** Nothing is made in advance from now on; what is there is still given away. One that is paused keeps its time. */
export const executePauseWarmPool: CellActionExecutor<"pause_warm_pool"> = (context, { cellId }) =>
  change(context, cellId, (pausedAt) => pausedAt ?? context.now);

export const executeResumeWarmPool: CellActionExecutor<"resume_warm_pool"> = (context, { cellId }) =>
  change(context, cellId, () => null);

async function change(
  { tx }: CellActionContext,
  cellId: string,
  next: (pausedAt: Date | null) => Date | null,
): Promise<CellActionOutcome> {
  await tx.$queryRaw`SELECT id FROM cells WHERE id = ${cellId} FOR UPDATE`;
  const cell = await tx.cell.findUnique({ where: { id: cellId } });
  if (cell === null) throw appError("cell_not_found");
  const pausedAt = next(cell.warmPausedAt);
  await setWarmPause(tx, { cellId, pausedAt });
  return {
    subject: cellId,
    before: { isPaused: cell.warmPausedAt !== null },
    after: { isPaused: pausedAt !== null },
  };
}
