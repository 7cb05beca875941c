import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

// Prisma's own advisory lock and table, so that `prisma migrate deploy` and this file can take turns on one database.
// Source: schema-engine/connectors/sql-schema-connector of prisma-engines 7.10.
const MIGRATION_LOCK = 72707369;
const MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) PRIMARY KEY,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;

export const migrationsDir = join(import.meta.dirname, "migrations");

export interface Migration {
  name: string;
  sql: string;
  /** Lowercase hex SHA-256 of the file's bytes, as Prisma records it. */
  checksum: string;
}

interface MigrationRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/**
 * Brings the database to the last migration and returns the names that it applied. Safe to run twice and in parallel.
 * Throws when an earlier migration failed half-way or was changed after it was applied: both need a person.
 */
export async function applyMigrations(connectionString: string, directory = migrationsDir): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    // A session lock, released by the server with the connection, whatever happens to us.
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const { rows } = await client.query<MigrationRow>("SELECT * FROM _prisma_migrations");
    const pending = choosePending(migrations, rows);
    for (const migration of pending) await applyMigration(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

/** Migrations that still have to run, in order. */
export function choosePending(migrations: Migration[], rows: MigrationRow[]): Migration[] {
  const live = rows.filter((row) => row.rolled_back_at === null);
  const unfinished = live.find((row) => row.finished_at === null);
  if (unfinished) {
    throw new Error(
      `Migration ${unfinished.migration_name} failed half-way; repair it, then mark it with "prisma migrate resolve".`,
    );
  }
  const checksums = new Map(live.map((row) => [row.migration_name, row.checksum]));
  return migrations.filter((migration) => {
    const applied = checksums.get(migration.name);
    if (applied !== undefined && applied !== migration.checksum) {
      throw new Error(`Migration ${migration.name} was changed after it was applied; write a new migration instead.`);
    }
    return applied === undefined;
  });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const bytes = await readFile(join(directory, name, "migration.sql"));
      return { name, sql: bytes.toString("utf8"), checksum: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}

async function applyMigration(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    // The file and its row in one transaction: a crash or a failing statement leaves nothing to repair by hand.
    await client.query("BEGIN");
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Error(`Migration ${name} failed and changed nothing: ${String(error)}`, { cause: error });
  }
}
