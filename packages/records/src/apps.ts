import type { AgentPhase } from "@automna/core/agents/agent-phase";
import type { AppVisibility } from "@automna/core/apps/app-settings";
import type { Pool } from "pg";
import type { RouteRecord } from "./routes.ts";

/** What an owner decided about an app. */
export interface AppRecord {
  name: string;
  isOn: boolean;
  visibility: AppVisibility;
  passwordHash: string | null;
  /** False: the agent does not have it at the moment, as far as is known. */
  isPresent: boolean;
}

/** What the apps listener needs to know of a user and their agent. `backend` is there while the agent is ready. */
export interface AppSiteRecord {
  userId: string;
  userState: RouteRecord["userState"];
  agentId: string;
  phase: AgentPhase;
  backend: {
    host: string;
    port: number;
    slotId: string;
    keyGeneration: number;
    /** Sealed for the apps listener: `{"apps":…,"proof":…}`, owner = slot id. */
    appsKeyEnvelope: Buffer;
  } | null;
  /** Those that the owner has looked at; others have the default settings. */
  apps: readonly AppRecord[];
}

interface SiteRow {
  user_state: RouteRecord["userState"];
  agent_id: string;
  phase: AgentPhase;
  host: string | null;
  port: number | null;
  slot_id: string | null;
  key_generation: number | null;
  apps_key_envelope: Buffer | null;
  apps: readonly AppRecord[];
}

const SITE_QUERY = {
  name: "app-site-of-user",
  text: `
    SELECT u.state AS user_state, a.id AS agent_id, a.phase, a.host, a.port,
           s.id AS slot_id, s.key_generation, s.apps_key_envelope,
           COALESCE((
             SELECT json_agg(json_build_object('name', p.name, 'isOn', p.is_on, 'visibility', p.visibility,
                                               'passwordHash', p.password_hash, 'isPresent', p.is_present))
             FROM apps p WHERE p.agent_id = a.id), '[]') AS apps
    FROM agents a
    JOIN users u ON u.id = a.user_id
    LEFT JOIN slots s ON s.id = a.slot_id
    WHERE a.user_id = $1 AND a.phase <> 'deleted'
    ORDER BY a.created_at
    LIMIT 1`,
};

/** The user's agent and its apps; null = the user has no agent. */
export async function findAppSite(pool: Pool, userId: string): Promise<AppSiteRecord | null> {
  const { rows } = await pool.query<SiteRow>({ ...SITE_QUERY, values: [userId] });
  const row = rows[0];
  if (row === undefined) return null;
  const { user_state: userState, agent_id: agentId, phase, apps } = row;
  return { userId, userState, agentId, phase, apps, backend: toBackend(row) };
}

function toBackend(row: SiteRow): AppSiteRecord["backend"] {
  const { host, port, slot_id: slotId, key_generation: keyGeneration, apps_key_envelope: appsKeyEnvelope } = row;
  const isComplete =
    host !== null && port !== null && slotId !== null && keyGeneration !== null && appsKeyEnvelope !== null;
  return isComplete ? { host, port, slotId, keyGeneration, appsKeyEnvelope } : null;
}

/** Whose handle it is at the moment; null = nobody's. */
export async function findHandleOwner(pool: Pool, handle: string): Promise<string | null> {
  const { rows } = await pool.query<{ user_id: string }>({
    name: "owner-of-handle",
    text: "SELECT user_id FROM handles WHERE handle = $1 AND released_at IS NULL",
    values: [handle],
  });
  return rows[0]?.user_id ?? null;
}

export interface RedeemedTicket {
  agentId: string;
  name: string;
  userId: string;
  sessionId: string;
}

/** Uses a ticket up; null = there is none of that hash, any more. */
export async function redeemAppTicket(pool: Pool, hash: Buffer, now: Date): Promise<RedeemedTicket | null> {
  const { rows } = await pool.query<{
    agent_id: string;
    name: string;
    user_id: string;
    session_id: string;
    ok: boolean;
  }>("DELETE FROM app_tickets WHERE hash = $1 RETURNING agent_id, name, user_id, session_id, expires_at > $2 AS ok", [
    hash,
    now,
  ]);
  const row = rows[0];
  if (row === undefined || !row.ok) return null;
  return { agentId: row.agent_id, name: row.name, userId: row.user_id, sessionId: row.session_id };
}

/** True for a session that is known to be over. One that is not in the table belongs to an outside issuer and goes on. */
export async function isSessionOver(pool: Pool, sessionId: string): Promise<boolean> {
  const { rows } = await pool.query<{ over: boolean }>({
    name: "session-over",
    text: "SELECT ended_at IS NOT NULL OR expires_at <= now() AS over FROM sessions WHERE id = $1",
    values: [sessionId],
  });
  return rows[0]?.over ?? false;
}
