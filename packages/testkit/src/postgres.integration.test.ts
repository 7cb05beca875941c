import { afterAll, beforeAll, expect, test } from "vitest";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "./postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function run<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("a test database is migrated and apart from the next one", async () => {
  await using other = await createTestDatabase();
  await run(database.url, "CREATE TABLE only_here (id int)");
  const inOther = await run(other.url, `SELECT 1 FROM pg_tables WHERE tablename = 'only_here'`);
  const migrations = await run(other.url, "SELECT 1 FROM _prisma_migrations");
  expect(inOther).toHaveLength(0);
  expect(migrations.length).toBeGreaterThan(0);
});

test("a service role may log in but not make tables", async () => {
  const url = database.urlAs("automna_ingress");
  const rows = await run<{ current_user: string }>(url, "SELECT current_user");
  expect(rows[0]?.current_user).toBe("automna_ingress");
  await expect(run(url, "CREATE TABLE sneaky (id int)")).rejects.toThrow(/permission denied/);
});

test("a notification reaches another connection", async () => {
  const listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  try {
    await listener.query("LISTEN routes");
    const heard = new Promise((resolve) => listener.once("notification", resolve));
    await run(database.urlAs("automna_api"), `NOTIFY routes, 'hello'`);
    await expect(heard).resolves.toMatchObject({ payload: "hello" });
  } finally {
    await listener.end();
  }
});
