import { AGENTS_QUEUE } from "@automna/contract/jobs";
import { databaseRoles } from "@automna/prisma/grants";
import { applyMigrations } from "@automna/prisma/migrate";
import { ensureRoles } from "@automna/prisma/roles";
import { migrateQueue } from "@automna/service-kit/queue";
import { initialisePostgres, startPostgres, type RunningPostgres } from "@automna/testkit/embedded-postgres";
import { findFreePort } from "@automna/testkit/free-port";
import { stagePostgresBinaries } from "@automna/testkit/postgres-binaries";
import { join } from "node:path";
import type { ScenarioContext } from "../harness/scenario.ts";

/** A server of this run alone, which may be killed. */
export interface OwnPostgres {
  urlAs: (role: string) => string;
  /** As a crash: every connection breaks, and new ones are refused. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
}

const PASSWORD = "test";

export async function startOwnPostgres(ctx: ScenarioContext, folder: string): Promise<OwnPostgres> {
  const [binaries, port] = [await stagePostgresBinaries(), await findFreePort()];
  // It loses nothing that was committed when it is killed: what a test waits for is on the disk.
  const server = { binaries, dataDir: join(folder, "postgres"), port, isDurable: true };
  const urlAs = (role: string) => `postgres://${role}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  await initialisePostgres(server, PASSWORD);
  let running: RunningPostgres = await startPostgres(server);
  ctx.onCleanup("stop Postgres", () => running.stop());
  await applyMigrations(urlAs("postgres"));
  await migrateQueue(AGENTS_QUEUE, urlAs("postgres"));
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, PASSWORD])) as Parameters<
    typeof ensureRoles
  >[1];
  await ensureRoles(urlAs("postgres"), passwords);
  return {
    urlAs,
    async kill() {
      process.kill(running.pid, "SIGKILL");
      await running.exited;
    },
    async start() {
      running = await startPostgres(server);
    },
  };
}
