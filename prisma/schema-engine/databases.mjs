import pg from "pg";

// Parameters that only Prisma understands; node-postgres would send them to the server as settings.
const PRISMA_PARAMETERS = ["schema", "connection_limit", "pool_timeout", "pgbouncer", "statement_cache_size"];

/** Splits a Prisma URL into what node-postgres takes and the schema name. */
export function fromPrismaUrl(url) {
  const parsed = new URL(url);
  const schema = parsed.searchParams.get("schema") ?? "public";
  for (const name of PRISMA_PARAMETERS) parsed.searchParams.delete(name);
  return { connectionString: parsed.toString(), schema };
}

/** The same URL for another database. */
export function withDatabase(url, database) {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.toString();
}

/** Creates the database that the URL names; an existing one, or a racing creator, is fine. Returns its name. */
export async function createDatabase(url) {
  const name = databaseName(url);
  try {
    await runOnServer(url, `CREATE DATABASE ${quoted(name)}`);
  } catch (error) {
    if (error.code !== "42P04" && error.code !== "23505") throw error;
  }
  return name;
}

/** Drops the database that the URL names, also when somebody is connected. */
export async function dropDatabase(url) {
  await runOnServer(url, `DROP DATABASE IF EXISTS ${quoted(databaseName(url))} WITH (FORCE)`);
}

/** The three `cli` commands of the native engine. Returns the exit code; failures go to stderr as the CLI parses them. */
export async function runDatabaseCommand(command, url) {
  try {
    if (command === "can-connect-to-database") await connectOnce(url);
    else if (command === "create-database") await createDatabase(url);
    else if (command === "drop-database") await dropDatabase(url);
    else throw new Error(`unknown command ${command}`);
    return 0;
  } catch (error) {
    const { code, message } = toUserFacing(error, url);
    const line = {
      timestamp: new Date().toISOString(),
      level: "ERROR",
      fields: { message, error_code: code },
      target: "schema_engine::logger",
    };
    process.stderr.write(`\n${JSON.stringify(line)}\n`);
    return 1;
  }
}

async function connectOnce(url) {
  const client = new pg.Client(fromPrismaUrl(url));
  await client.connect();
  await client.end();
}

async function runOnServer(url, sql) {
  const { connectionString } = fromPrismaUrl(url);
  for (const database of ["postgres", "template1"]) {
    const client = new pg.Client({ connectionString: withDatabase(connectionString, database) });
    try {
      await client.connect();
      await client.query(sql);
      return;
    } catch (error) {
      const isMissingHere = error.code === "3D000" && database === "postgres";
      if (!isMissingHere) throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

const CONNECTION_ERRORS = new Set(["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET"]);

/** Prisma's public error codes: https://www.prisma.io/docs/orm/reference/error-reference */
function toUserFacing(error, url) {
  const { hostname, port, username } = new URL(url);
  if (error.code === "3D000") return { code: "P1003", message: `Database \`${databaseName(url)}\` does not exist` };
  if (error.code === "28P01" || error.code === "28000") {
    return { code: "P1000", message: `Authentication failed against database server for \`${username}\`.` };
  }
  if (CONNECTION_ERRORS.has(error.code)) {
    return { code: "P1001", message: `Can't reach database server at \`${hostname}:${port || 5432}\`` };
  }
  return { code: "P1011", message: `Error opening a connection: ${error.message}` };
}

function databaseName(url) {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

export function quoted(identifier) {
  return `"${identifier.replaceAll('"', '""')}"`;
}
