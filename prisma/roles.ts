import pg from "pg";
import { databaseRoles, grants, type DatabaseRole, type TableGrant } from "./grants.ts";

/** Where BullMQ keeps its tables (service-kit/queue). */
const QUEUE_SCHEMA = "bullmq";

/**
 * Makes each service's login role with the given password and exactly the rights of grants.ts in the connection's
 * database, after the migrations and the queue's tables. Repeating it rotates passwords and takes rights away again.
 */
export async function ensureRoles(
  adminConnectionString: string,
  passwords: Readonly<Record<DatabaseRole, string>>,
): Promise<void> {
  const client = new pg.Client({ connectionString: adminConnectionString });
  await client.connect();
  try {
    for (const role of databaseRoles) await ensureRole(client, role, passwords[role]);
    await client.query("BEGIN");
    await client.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    for (const role of databaseRoles) await grantRights(client, role);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}

async function ensureRole(client: pg.Client, role: DatabaseRole, password: string): Promise<void> {
  const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN`);
  // Utility statements take no parameters.
  const secret = client.escapeLiteral(password);
  await client.query(`ALTER ROLE ${role} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD ${secret}`);
}

async function grantRights(client: pg.Client, role: DatabaseRole): Promise<void> {
  const { tables, usesQueue } = grants[role];
  await client.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
  // Takes column rights along.
  await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`);
  await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  for (const grant of tables) await client.query(`GRANT ${toPrivileges(grant)} ON public.${grant.table} TO ${role}`);
  if (usesQueue) await grantQueue(client, role);
}

function toPrivileges({ privileges, columns }: TableGrant): string {
  const suffix = columns === undefined ? "" : ` (${columns.join(", ")})`;
  return privileges.map((privilege) => `${privilege}${suffix}`).join(", ");
}

async function grantQueue(client: pg.Client, role: DatabaseRole): Promise<void> {
  for (const right of [
    `USAGE ON SCHEMA ${QUEUE_SCHEMA}`,
    `ALL ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA}`,
    `ALL ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA}`,
    `EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA}`,
  ]) {
    await client.query(`GRANT ${right} TO ${role}`);
  }
}
