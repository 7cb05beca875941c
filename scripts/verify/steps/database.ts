import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Product } from "@automna/testkit/product";
import pg from "pg";

/** Superuser's address of a running installation's database, for looking at what the services wrote. */
export function adminDatabaseUrl(product: Product): string {
  const password = readFileSync(join(product.dataDir, "secrets/postgres-password"), "utf8").trim();
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${product.instance().postgres.port}/automna`;
}

/** One query over a connection of its own. */
export async function queryDatabase<Row extends pg.QueryResultRow>(
  product: Product,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: adminDatabaseUrl(product) });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
