import { appError } from "@automna/contract/error-catalogue";
import { newId } from "@automna/service-kit/new-id";
import type { CellActionExecutor } from "./cell-action.ts";

/** The next sweep says what it would remove. One that waits already is the answer to everybody who asks. */
export const executeRequestDryRun: CellActionExecutor<"request_dry_run"> = async (context, { cellId }) => {
  const { tx, operatorId: requestedBy, now } = context;
  if ((await tx.cell.count({ where: { id: cellId } })) === 0) throw appError("cell_not_found");
  const waiting = await tx.sweepReport.findFirst({ where: { cellId, isDryRun: true, lastAt: null } });
  const id = waiting?.id ?? newId("swp");
  if (waiting === null)
    await tx.sweepReport.create({ data: { id, cellId, isDryRun: true, requestedBy, requestedAt: now } });
  return { subject: cellId, before: {}, after: { reportId: id } };
};
