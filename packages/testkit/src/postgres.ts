import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrations } from "@automna/prisma/migrate";
import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { databaseRoles, type DatabaseRole } from "@automna/prisma/grants";
import { ensureRoles } from "@automna/prisma/roles";
import { migrateQueue } from "@automna/service-kit/queue";
import pg from "pg";
import { POSTGRES_SUPERUSER } from "./embedded-postgres.ts";
import { findFreePort } from "./free-port.ts";
import type { GuardOptions } from "./postgres-guard.ts";

const TEMPLATE = "automna_template";
/** Where test files find the run's server; set by the vitest global setup for its workers. */
const ADMIN_URL_VARIABLE = "AUTOMNA_TEST_POSTGRES_URL";
// The server is on loopback, full of test rows, and gone in a minute.
const ROLE_PASSWORD = "test";

export interface TestPostgres {
  /** Superuser connection to the server's `postgres` database. */
  adminUrl: string;
  /** Stops the server and deletes its data. It also happens when this process dies, in whatever way. */
  stop(): Promise<void>;
}

export interface TestDatabase extends AsyncDisposable {
  name: string;
  /** Superuser connection. */
  url: string;
  /** Connection with a service's own rights. */
  urlAs(role: DatabaseRole): string;
  drop(): Promise<void>;
}

/**
 * Starts a throw-away server with a migrated template, and offers it to createTestDatabase() of this process and its children.
 * It does not wait for the disk, except where that is what is measured.
 */
export async function startTestPostgres({ isDurable = false } = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "automna-test-postgres-"));
  await chmod(folder, 0o755); // as root the server runs as another user
  const password = randomBytes(16).toString("hex");
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  const port = await findFreePort();
  const options: GuardOptions = {
    dataDir: join(folder, "data"),
    port,
    isDurable,
    passwordFile,
    removeAtEnd: folder,
  };

  const guard = await startGuard(options);
  const adminUrl = `postgres://${POSTGRES_SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    delete process.env[ADMIN_URL_VARIABLE];
    if (guard.connected) guard.disconnect();
    if (guard.exitCode === null) await once(guard, "exit");
  };
  try {
    await createTemplate(adminUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  process.env[ADMIN_URL_VARIABLE] = adminUrl;
  return { adminUrl, stop };
}

/** A migrated database of its own on the run's server. */
export async function createTestDatabase(adminUrl = process.env[ADMIN_URL_VARIABLE]): Promise<TestDatabase> {
  if (!adminUrl)
    throw new Error("No test Postgres: name the file *.integration.test.ts, or call startTestPostgres() first.");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await query(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const drop = () => query(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return {
    name,
    url: toUrl(adminUrl, { database: name }),
    urlAs: (role) => toUrl(adminUrl, { database: name, username: role, password: ROLE_PASSWORD }),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function startGuard(options: GuardOptions): Promise<ChildProcess> {
  const guard = fork(join(import.meta.dirname, "postgres-guard.ts"), [JSON.stringify(options)], {
    // A session of its own: Ctrl-C reaches the runner, and the server only through the runner's end.
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });
  const outcome = await Promise.race([
    once(guard, "message").then(() => "ready"),
    once(guard, "exit").then(() => "exit"),
  ]);
  if (outcome === "exit") throw new Error("The test Postgres did not start; its messages are above.");
  return guard;
}

async function createTemplate(adminUrl: string): Promise<void> {
  await query(adminUrl, `CREATE DATABASE ${TEMPLATE}`);
  const url = toUrl(adminUrl, { database: TEMPLATE });
  await applyMigrations(url);
  await migrateQueue(AGENTS_QUEUE, url);
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, ROLE_PASSWORD])) as Record<
    DatabaseRole,
    string
  >;
  await ensureRoles(url, passwords);
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function toUrl(base: string, part: { database: string; username?: string; password?: string }): string {
  const url = new URL(base);
  url.pathname = `/${part.database}`;
  if (part.username !== undefined) url.username = part.username;
  if (part.password !== undefined) url.password = part.password;
  return url.toString();
}
