import { existsSync } from "node:fs";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readPidFile } from "./postgres-pid-file.ts";
import { finished, launch, stopPostgresProcess } from "./postgres-process.ts";
import { ensurePostgresIdentity, giveToPostgres, type SystemIdentity } from "./postgres-user.ts";

export const POSTGRES_SUPERUSER = "postgres";
const UNFINISHED_PREFIX = ".initdb-";

export interface PostgresServer {
  /** Folder with bin/, from stagePostgresBinaries(). */
  binaries: string;
  dataDir: string;
  port: number;
  /** False only for data that nobody will miss: no fsync. */
  isDurable: boolean;
}

export interface RunningPostgres {
  pid: number;
  /** Resolves when the server is gone, for whatever reason, with its last lines of log. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

/** Makes the cluster when there is none yet. A crash half-way leaves no half cluster under the final name. */
export async function initialisePostgres(server: PostgresServer, password: string): Promise<void> {
  if (existsSync(join(server.dataDir, "PG_VERSION"))) return;
  const identity = ensurePostgresIdentity();
  const parent = dirname(server.dataDir);
  await removeUnfinished(parent);
  const workDir = await mkdtemp(join(parent, UNFINISHED_PREFIX));
  try {
    await giveToPostgres(workDir, identity);
    const passwordFile = join(workDir, "password");
    await writeFile(passwordFile, password, { mode: 0o600 });
    await giveToPostgres(passwordFile, identity);
    const cluster = join(workDir, "cluster");
    await runInitdb(server, identity, cluster, passwordFile);
    await rename(cluster, server.dataDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** What a killed initialisation left behind; the caller owns the folder, so nobody else can be at work in it. */
async function removeUnfinished(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(UNFINISHED_PREFIX));
  await Promise.all(names.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

async function runInitdb(
  server: PostgresServer,
  identity: SystemIdentity | null,
  cluster: string,
  passwordFile: string,
): Promise<void> {
  const args = ["-D", cluster, "-U", POSTGRES_SUPERUSER, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  args.push(
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  );
  if (!server.isDurable) args.push("--no-sync");
  const child = launch(join(server.binaries, "bin/initdb"), args, identity);
  const { code, tail } = await finished(child);
  if (code !== 0) throw new Error(`initdb failed for ${server.dataDir}:\n${tail}`);
}

// Time for the children of a killed postmaster to notice: until then a new one refuses to share their memory segment.
const START_DEADLINE_MS = 30_000;
const RETRY_DELAY_MS = 250;

/** Starts the server on an initialised cluster and resolves when it takes connections. Throws its last lines of log otherwise. */
export async function startPostgres(server: PostgresServer): Promise<RunningPostgres> {
  const identity = ensurePostgresIdentity();
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const running = launchServer(server, identity);
    const failure = await Promise.race([running.exited, untilReady(server, running.pid, deadline)]);
    if (failure === undefined) return running;
    await running.stop();
    const isLingering = /pre-existing shared memory block|is still in use|lock file .* already exists/.test(failure);
    if (!isLingering || Date.now() > deadline)
      throw new Error(`Postgres did not start on ${server.dataDir}:\n${failure}`);
    await sleep(RETRY_DELAY_MS);
  }
}

function launchServer(server: PostgresServer, identity: SystemIdentity | null): RunningPostgres {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "logging_collector=off",
  ];
  if (!server.isDurable) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
  const args = ["-D", server.dataDir, "-p", String(server.port), ...settings.flatMap((setting) => ["-c", setting])];
  const child = launch(join(server.binaries, "bin/postgres"), args, identity);
  const exited = finished(child).then(({ tail }) => tail || "no output");
  return { pid: child.pid ?? 0, exited, stop: () => stopPostgresProcess(child.pid ?? 0, exited) };
}

/** Undefined when the server says ready in its pid file, a reason when the deadline passed. */
async function untilReady(server: PostgresServer, pid: number, deadline: number): Promise<string | undefined> {
  while (Date.now() < deadline) {
    const file = await readPidFile(server.dataDir);
    if (file?.pid === pid && file.isReady) return undefined;
    await sleep(25);
  }
  return "it took too long to start";
}
