import { randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import pg from "pg";
import { createDatabase, dropDatabase, fromPrismaUrl, quoted, withDatabase } from "./databases.mjs";

/**
 * Connections for the engine. Differs from PrismaPg in three ways, each because its 7.10 would be wrong here: the shadow
 * database is really another database, scripts run whole, and the catalogue's "char" columns are readable.
 */
export class EngineConnections {
  provider = "postgres";
  adapterName = "@prisma/adapter-pg";

  constructor({ url, shadowDatabaseUrl }) {
    this.url = url;
    this.shadowDatabaseUrl = shadowDatabaseUrl;
  }

  connect() {
    return openAdapter(this.url);
  }

  async connectToShadowDb() {
    if (this.shadowDatabaseUrl) {
      // The engine empties the shadow database.
      if (fromPrismaUrl(this.shadowDatabaseUrl).connectionString === fromPrismaUrl(this.url).connectionString) {
        throw new Error("shadowDatabaseUrl must differ from url");
      }
      return openAdapter(this.shadowDatabaseUrl);
    }
    const url = withDatabase(this.url, `prisma_migrate_shadow_db_${randomUUID()}`);
    await createDatabase(url);
    return openAdapter(url, () => dropDatabase(url));
  }
}

async function openAdapter(url, afterDispose = async () => {}) {
  const { connectionString, schema } = fromPrismaUrl(url);
  // One connection: the engine's advisory lock and search_path belong to a session.
  const pool = new pg.Pool({ connectionString, max: 1, options: `-c search_path=${quoted(schema)}` });
  const adapter = readableChars(await new PrismaPg(pool, { schema }).connect());
  const startTransaction = adapter.startTransaction.bind(adapter);
  adapter.startTransaction = async (level) => readableChars(await startTransaction(level));
  // As one simple query: PrismaPg splits at every semicolon, also inside $$ bodies and strings.
  adapter.executeScript = async (sql) => {
    await pool.query(sql).catch((error) => adapter.onError(error));
  };
  adapter.dispose = async () => {
    if (!pool.ended) await pool.end();
    await afterDispose();
  };
  return adapter;
}

// Type oids of pg_catalog's one-byte "char" and of bpchar, which PrismaPg knows how to read.
const CHAR_OID = 18;
const BPCHAR_OID = 1042;

function readableChars(queryable) {
  const performIO = queryable.performIO.bind(queryable);
  const queryRaw = queryable.queryRaw;
  queryable.queryRaw = async (query) => {
    const charColumns = [];
    const recording = Object.create(queryable, {
      performIO: {
        value: async (statement) => {
          const result = await performIO(statement);
          for (const [index, field] of result.fields.entries()) {
            if (field.dataTypeID !== CHAR_OID) continue;
            charColumns.push(index);
            field.dataTypeID = BPCHAR_OID;
          }
          return result;
        },
      },
    });
    const result = await queryRaw.call(recording, query);
    for (const index of charColumns) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return queryable;
}
