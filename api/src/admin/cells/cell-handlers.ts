import { sweepListSchema, type SweepReportView } from "@automna/contract/admin-cells";
import { appError } from "@automna/contract/error-catalogue";
import type { Database } from "@automna/records/database";
import { findNode } from "@automna/records/nodes";
import type { Handlers } from "../../http/routes.ts";
import { actOnCells } from "./act-on-cells.ts";
import type { CellActionDeps } from "./actions/cell-action.ts";
import { listPlacedAgents } from "./list-placed-agents.ts";
import { readCells, toNodeViews } from "./read-cells.ts";
import { listWaves, readWave } from "./read-waves.ts";

export interface CellHandlerDeps extends CellActionDeps {
  limitActions: (operatorId: string) => void;
}

type CellHandlers = Pick<
  Handlers,
  | "listCells"
  | "getNode"
  | "listPlacedAgents"
  | "listWaves"
  | "getWave"
  | "listSweeps"
  | "listCellActions"
  | "actOnCells"
>;

const SHOWN = 100;

/** Cells, nodes, waves and sweeps for operators. Whatever is done is a wish in the database: no service is called. */
export function makeCellHandlers(deps: CellHandlerDeps): CellHandlers {
  const { db, now } = deps;
  return {
    listCells: () => readCells(db, now()),
    async getNode({ params: { nodeId } }) {
      const found = await findNode(db, nodeId);
      const [node] = found === null ? [] : await toNodeViews(db, [found], now());
      if (node === undefined) throw appError("node_not_found");
      return { node, ...(await listPlacedAgents(db, { nodeId })) };
    },
    listPlacedAgents: ({ query }) => listPlacedAgents(db, query),
    listWaves: () => listWaves(db),
    getWave: ({ params: { waveId } }) => readWave(db, waveId),
    listSweeps: async () => ({ reports: await listReports(db) }),
    async listCellActions() {
      const rows = await db.cellAction.findMany({ orderBy: { at: "desc" }, take: SHOWN });
      return { actions: rows.map(({ at, key: _key, ...action }) => ({ ...action, atMs: at.getTime() })) };
    },
    async actOnCells({ caller, body }) {
      deps.limitActions(caller.userId);
      return actOnCells(deps, { ...body, operatorId: caller.userId });
    },
  };
}

async function listReports(db: Database): Promise<SweepReportView[]> {
  const rows = await db.sweepReport.findMany({ orderBy: { requestedAt: "desc" }, take: SHOWN });
  return rows.map(({ requestedAt, firstAt, lastAt, findings, ...report }) => ({
    ...report,
    requestedAtMs: requestedAt.getTime(),
    firstAtMs: firstAt?.getTime() ?? null,
    lastAtMs: lastAt?.getTime() ?? null,
    findings: sweepListSchema.shape.reports.element.shape.findings.parse(findings),
  }));
}
