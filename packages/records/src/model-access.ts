import type { ModelSource } from "@automna/core/agents/agent-spec";
import type { Tier } from "@automna/core/tiers/catalogue";
import type { Pool } from "pg";

/** What egress needs to know of the slot that calls: who it is, and whose key answers. */
export interface ModelAccessRecord {
  slotId: string;
  keyGeneration: number;
  egressKeyHash: Buffer;
  agentId: string;
  userId: string;
  userState: "active" | "suspended" | "deleted";
  modelSource: ModelSource;
  tier: Tier;
  /** The customer's sealed key (owner = user id); null while there is none. */
  keyEnvelope: Buffer | null;
}

interface ModelAccessRow {
  slot_id: string;
  key_generation: number;
  egress_key_hash: Buffer;
  agent_id: string;
  user_id: string;
  user_state: ModelAccessRecord["userState"];
  model_source: ModelSource;
  tier: Tier;
  envelope: Buffer | null;
}

const MODEL_ACCESS_QUERY = {
  name: "model-access-of-slot",
  text: `
    SELECT s.id AS slot_id, s.key_generation, s.egress_key_hash, a.id AS agent_id, a.user_id, u.state AS user_state,
           a.model_source, a.tier, k.envelope
    FROM slots s
    JOIN agents a ON a.slot_id = s.id
    JOIN users u ON u.id = a.user_id
    LEFT JOIN model_keys k ON k.user_id = a.user_id
    WHERE s.id = $1 AND s.released_at IS NULL`,
};

/** Null = there is no such slot, or no agent has it. */
export async function findModelAccess(pool: Pool, slotId: string): Promise<ModelAccessRecord | null> {
  const { rows } = await pool.query<ModelAccessRow>({ ...MODEL_ACCESS_QUERY, values: [slotId] });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    slotId: row.slot_id,
    keyGeneration: row.key_generation,
    egressKeyHash: row.egress_key_hash,
    agentId: row.agent_id,
    userId: row.user_id,
    userState: row.user_state,
    modelSource: row.model_source,
    tier: row.tier,
    keyEnvelope: row.envelope,
  };
}
