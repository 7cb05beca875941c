import { actedSchema } from "./admin.ts";
import {
  actOnCellsSchema,
  cellActionsSchema,
  cellListSchema,
  nodeAnswerSchema,
  nodeParams,
  placedAgentsQuerySchema,
  placedAgentsSchema,
  sweepListSchema,
} from "./admin-cells.ts";
import { waveAnswerSchema, waveListSchema, waveParams } from "./admin-waves.ts";
import type { ApiRoute } from "./api-routes.ts";

/** What operators see of cells and do to them. Each action is a wish in the database; the provisioner makes it true. */
export const cellRoutes = {
  listCells: {
    method: "get",
    path: "/api/admin/cells",
    summary: "Cells and their nodes, with what each carries.",
    access: "operator",
    success: { status: 200, body: cellListSchema },
  },
  getNode: {
    method: "get",
    path: "/api/admin/nodes/:nodeId",
    summary: "One node and its agents.",
    access: "operator",
    params: nodeParams,
    success: { status: 200, body: nodeAnswerSchema },
  },
  listPlacedAgents: {
    method: "get",
    path: "/api/admin/agents",
    summary: "Agents by node and phase.",
    access: "operator",
    query: placedAgentsQuerySchema,
    success: { status: 200, body: placedAgentsSchema },
  },
  listWaves: {
    method: "get",
    path: "/api/admin/waves",
    summary: "Upgrade waves, newest first.",
    access: "operator",
    success: { status: 200, body: waveListSchema },
  },
  getWave: {
    method: "get",
    path: "/api/admin/waves/:waveId",
    summary: "One upgrade wave and how far each agent is.",
    access: "operator",
    params: waveParams,
    success: { status: 200, body: waveAnswerSchema },
  },
  listSweeps: {
    method: "get",
    path: "/api/admin/sweeps",
    summary: "What sweeps for orphans found and did, newest first.",
    access: "operator",
    success: { status: 200, body: sweepListSchema },
  },
  listCellActions: {
    method: "get",
    path: "/api/admin/cells/actions",
    summary: "What operators did to cells, nodes, waves and sweeps, newest first.",
    access: "operator",
    success: { status: 200, body: cellActionsSchema },
  },
  actOnCells: {
    method: "post",
    path: "/api/admin/cells/actions",
    summary: "Cordon, drain, move, upgrade or look for orphans, with a reason; the same key again does it once.",
    access: "operator",
    body: actOnCellsSchema,
    success: { status: 200, body: actedSchema },
  },
} as const satisfies Record<string, ApiRoute>;
