import { postOperations } from "@automna/records/credits/post-operations";
import { makePool, type Pool } from "@automna/records/pool";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase, startTestPostgres } from "@automna/testkit/postgres";
import type { ScenarioContext } from "../harness/scenario.ts";

export interface LedgerWorld {
  owner: Pool;
  /** A pool of egress, which is who charges. */
  makeEgressPool: (max: number) => Pool;
  accounts: readonly string[];
  hotAccount: string;
  /** Belongs to the control that shows what the checks find. */
  controlAccount: string;
}

const MANY = 1_000;
const PLENTY = 1_000_000_000;

/** A server that waits for the disk at each commit, as production's does, with funded accounts and a table without any rules. */
export async function makeLedgerWorld(ctx: ScenarioContext): Promise<LedgerWorld> {
  const server = await startTestPostgres({ isDurable: true });
  ctx.onCleanup("the Postgres server", server.stop);
  const database = await createTestDatabase(server.adminUrl);
  const owner = makePool(database.url, { max: 2 });
  ctx.onCleanup("the owner's connections", () => owner.end());

  for (const [setting, wanted] of Object.entries({ fsync: "on", synchronous_commit: "on", full_page_writes: "on" })) {
    const { rows } = await owner.query<{ value: string }>("SELECT current_setting($1) AS value", [setting]);
    ctx.must(rows[0]?.value === wanted, `the server runs with ${setting} ${wanted}`, rows[0]?.value);
  }
  await owner.query(`
    CREATE TABLE bare_rows (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id text NOT NULL, key text NOT NULL, credits int NOT NULL,
      at timestamptz NOT NULL
    )`);
  await owner.query("GRANT SELECT, INSERT ON bare_rows TO automna_egress");
  const makeAccount = () => newId("user");
  const world = {
    owner,
    makeEgressPool: (max: number) => makePool(database.urlAs("automna_egress"), { max }),
    accounts: Array.from({ length: MANY }, makeAccount),
    hotAccount: makeAccount(),
    controlAccount: makeAccount(),
  };
  await fund(owner, [...world.accounts, world.hotAccount, world.controlAccount]);
  return world;
}

async function fund(owner: Pool, userIds: readonly string[]): Promise<void> {
  await owner.query(
    "INSERT INTO users (id, email, issuer, updated_at) SELECT id, id, 'local', now() FROM unnest($1::text[]) AS id",
    [userIds],
  );
  await postOperations(
    owner,
    userIds.map((userId) => ({
      type: "grant",
      userId,
      key: "funds",
      credits: PLENTY,
      source: "pack",
      expiresAtMs: null,
    })),
    Date.now(),
  );
}
