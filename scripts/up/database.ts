import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { databaseRoles, type DatabaseRole } from "@automna/prisma/grants";
import { applyMigrations } from "@automna/prisma/migrate";
import { ensureRoles } from "@automna/prisma/roles";
import { migrateQueue } from "@automna/service-kit/queue";
import { POSTGRES_SUPERUSER } from "@automna/testkit/embedded-postgres";
import type { GuardOptions } from "@automna/testkit/postgres-guard";
import pg from "pg";
import type { DataDir } from "./data-dir.ts";
import { inCheckout } from "../bootstrap/paths.mjs";
import { readSecret, type SecretFiles } from "./secrets.ts";
import type { ServiceSpec } from "./supervise-service.ts";

const DATABASE = "automna";
/** The guard's own ladder of signals takes up to 25 s. */
const STOP_TIMEOUT_MS = 30_000;

/** The embedded server as a service to supervise. */
export function postgresService(
  dir: DataDir,
  port: number,
  secrets: SecretFiles,
  env: Record<string, string>,
): ServiceSpec {
  const options: GuardOptions = {
    dataDir: dir.postgres,
    port,
    isDurable: true,
    passwordFile: secrets.postgresPassword,
  };
  const guard = inCheckout("packages/testkit/src/postgres-guard.ts");
  return {
    name: "postgres",
    command: [process.execPath, guard, JSON.stringify(options)],
    env,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}

/** Brings the database to this checkout's schema and rights. Safe to repeat. Returns the names of new migrations. */
export async function prepareDatabase(port: number, secrets: SecretFiles): Promise<string[]> {
  const admin = (database: string) =>
    databaseUrl(port, database, POSTGRES_SUPERUSER, readSecret(secrets.postgresPassword));
  await ensureDatabase(admin("postgres"));
  const applied = await applyMigrations(admin(DATABASE));
  await migrateQueue(AGENTS_QUEUE, admin(DATABASE));
  await ensureRoles(
    admin(DATABASE),
    mapRoles((role) => readSecret(secrets.rolePasswords[role])),
  );
  return applied;
}

/** Writes each role's connection string to a file for its service (S25: never in the environment). Returns the paths. */
export function writeDatabaseUrls(dir: DataDir, port: number, secrets: SecretFiles): Record<DatabaseRole, string> {
  return mapRoles((role) => {
    const path = join(dir.run, `${role}-database-url`);
    writeFileSync(path, databaseUrl(port, DATABASE, role, readSecret(secrets.rolePasswords[role])), { mode: 0o600 });
    return path;
  });
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

function databaseUrl(port: number, database: string, user: string, password: string): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

function mapRoles<Value>(toValue: (role: DatabaseRole) => Value): Record<DatabaseRole, Value> {
  return Object.fromEntries(databaseRoles.map((role) => [role, toValue(role)])) as Record<DatabaseRole, Value>;
}
