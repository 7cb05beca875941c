import type { FoundCustomers } from "@automna/contract/admin";
import { toTier } from "@automna/records/agents";
import type { Database } from "@automna/records/database";

/** More than one reads; whoever looks for more writes more of it. */
const MOST = 20;

interface FoundRow {
  id: string;
  email: string;
  name: string;
  state: "active" | "suspended" | "deleted";
  created_at: Date;
  tier: string | null;
  phase: FoundCustomers["customers"][number]["agentPhase"];
}

/**
 * Customers whose e-mail or name holds the text, or one of whose ids (own, agent's, Stripe's) it is. Reads all users: for
 * operators only, who ask seldom.
 */
export async function findCustomers(db: Database, text: string): Promise<FoundCustomers> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  const rows = await db.$queryRaw<FoundRow[]>`
    SELECT u.id, u.email, u.name, u.state::text AS state, u.created_at, e.tier, a.phase::text AS phase
    FROM users u
    LEFT JOIN entitlements e ON e.user_id = u.id
    LEFT JOIN LATERAL (
      SELECT phase FROM agents WHERE user_id = u.id AND phase <> 'deleted' ORDER BY created_at LIMIT 1
    ) a ON true
    WHERE u.email ILIKE ${pattern} OR u.name ILIKE ${pattern} OR u.id = ${text}
       OR u.id IN (SELECT user_id FROM agents WHERE id = ${text})
       OR u.id IN (SELECT user_id FROM billing_customers WHERE customer_id = ${text})
    ORDER BY u.created_at DESC
    LIMIT ${MOST + 1}`;
  const customers = rows.slice(0, MOST).map(({ id, email, name, state, created_at: createdAt, tier, phase }) => ({
    userId: id,
    email,
    name,
    state,
    tier: toTier(tier),
    agentPhase: phase,
    createdAtMs: createdAt.getTime(),
  }));
  return { customers, isCut: rows.length > MOST };
}
