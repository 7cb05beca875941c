import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { Pool } from "pg";

/** What ingress needs to know of a user's agent. `backend` is there while the agent is ready. */
export interface RouteRecord {
  userId: string;
  agentId: string;
  phase: AgentPhase;
  userState: "active" | "suspended" | "deleted";
  backend: {
    type: "local" | "remote";
    host: string;
    port: number;
    slotId: string;
    keyGeneration: number;
    /** Sealed for ingress: `{"ingress":…,"proof":…}`, owner = slot id. */
    ingressKeyEnvelope: Buffer;
  } | null;
}

interface RouteRow {
  user_id: string;
  user_state: RouteRecord["userState"];
  agent_id: string;
  phase: AgentPhase;
  backend_type: "local" | "remote" | null;
  host: string | null;
  port: number | null;
  slot_id: string | null;
  key_generation: number | null;
  ingress_key_envelope: Buffer | null;
}

// A named statement on plain pg: this is the proxy's only query, a third of what the ORM costs (notes: stack 1.6).
const ROUTE_QUERY = {
  name: "route-of-user",
  text: `
    SELECT u.id AS user_id, u.state AS user_state, a.id AS agent_id, a.phase, a.backend_type, a.host, a.port,
           s.id AS slot_id, s.key_generation, s.ingress_key_envelope
    FROM agents a
    JOIN users u ON u.id = a.user_id
    LEFT JOIN slots s ON s.id = a.slot_id
    WHERE a.user_id = $1 AND a.phase <> 'deleted'
    ORDER BY a.created_at
    LIMIT 1`,
};

/** The route of a user's agent; null = the user has none. */
export async function findRoute(pool: Pool, userId: string): Promise<RouteRecord | null> {
  const { rows } = await pool.query<RouteRow>({ ...ROUTE_QUERY, values: [userId] });
  const row = rows[0];
  return row === undefined ? null : toRoute(row);
}

function toRoute(row: RouteRow): RouteRecord {
  const {
    backend_type: type,
    host,
    port,
    slot_id: slotId,
    key_generation: keyGeneration,
    ingress_key_envelope: ingressKeyEnvelope,
  } = row;
  const isComplete =
    type !== null &&
    host !== null &&
    port !== null &&
    slotId !== null &&
    keyGeneration !== null &&
    ingressKeyEnvelope !== null;
  return {
    userId: row.user_id,
    agentId: row.agent_id,
    phase: row.phase,
    userState: row.user_state,
    backend: isComplete ? { type, host, port, slotId, keyGeneration, ingressKeyEnvelope } : null,
  };
}
