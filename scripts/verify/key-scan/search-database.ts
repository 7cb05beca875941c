import pg from "pg";
import { findSecrets, type Secret } from "./needles.ts";
import type { Find } from "./search-files.ts";

interface TableName {
  schema: string;
  name: string;
}

/** Searches every row of every table of every schema but Postgres's own, as text. */
export async function searchDatabase(
  url: string,
  secrets: readonly Secret[],
): Promise<{ finds: Find[]; tables: number; rows: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const finds: Find[] = [];
  let rows = 0;
  try {
    const tables = await listTables(client);
    for (const { schema, name } of tables) {
      const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      const result = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      rows += result.rows.length;
      for (const { row } of result.rows) {
        for (const { secret, form } of findSecrets(Buffer.from(row), secrets))
          finds.push({ secret, where: `${table}: ${form}` });
      }
    }
    return { finds, tables: tables.length, rows };
  } finally {
    await client.end();
  }
}

async function listTables(client: pg.Client): Promise<TableName[]> {
  const { rows } = await client.query<TableName>(`
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`);
  return rows;
}
