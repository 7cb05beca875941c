// One Postgres server that never outlives whoever asked for it. Runs as its own process with an IPC channel to the owner:
// when the channel closes, because the owner stopped, crashed or was killed, the server is stopped too.
import { readFile, rm } from "node:fs/promises";
import { initialisePostgres, startPostgres, type PostgresServer, type RunningPostgres } from "./embedded-postgres.ts";
import { stagePostgresBinaries } from "./postgres-binaries.ts";
import { stopLeftoverPostgres } from "./postgres-pid-file.ts";

export interface GuardOptions extends Omit<PostgresServer, "binaries"> {
  passwordFile: string;
  /** Folder to delete at the end, for servers of a test run. */
  removeAtEnd?: string;
}

export interface GuardReady {
  type: "ready";
  /** The postmaster's. */
  pid: number;
}

const options = JSON.parse(process.argv[2] ?? "") as GuardOptions;
const starting = start();

let stopping: Promise<never> | undefined;
const stop = () => {
  stopping ??= shutDown();
};
process.on("disconnect", stop);
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// The owner may have gone before we listened.
if (!process.connected) stop();

const running = await starting;
process.send?.({ type: "ready", pid: running.pid } satisfies GuardReady);
const lastWords = await running.exited;
if (!stopping) {
  console.error(`Postgres stopped by itself:\n${lastWords}`);
  await removeData();
  process.exit(1);
}

async function start(): Promise<RunningPostgres> {
  const server: PostgresServer = { ...options, binaries: await stagePostgresBinaries() };
  await stopLeftoverPostgres(options.dataDir);
  await initialisePostgres(server, (await readFile(options.passwordFile, "utf8")).trim());
  return startPostgres(server);
}

async function shutDown(): Promise<never> {
  // Also during the start: stopping half-way would leave initdb or the server behind.
  const started = await starting.catch(() => undefined);
  await started?.stop();
  await removeData();
  process.exit(0);
}

async function removeData(): Promise<void> {
  if (options.removeAtEnd) await rm(options.removeAtEnd, { recursive: true, force: true });
}
