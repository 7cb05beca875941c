import { execFileSync } from "node:child_process";
import { chown } from "node:fs/promises";

/** System user that the server runs as when we are root: Postgres itself refuses to run as root. */
export const POSTGRES_USER = "postgres";

export interface SystemIdentity {
  uid: number;
  gid: number;
}

/** Identity for the server's process, made when the machine lacks it; null when it can run as ourselves. */
export function ensurePostgresIdentity(): SystemIdentity | null {
  if (process.getuid?.() !== 0) return null;
  const existing = lookUp();
  if (existing) return existing;
  run("groupadd", ["--force", "--system", POSTGRES_USER]);
  run("useradd", [
    "--system",
    "--gid",
    POSTGRES_USER,
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    POSTGRES_USER,
  ]);
  const created = lookUp();
  if (!created) throw new Error(`The system user "${POSTGRES_USER}" is still missing after useradd.`);
  return created;
}

/** Gives the path to the server's user; nothing to do when that is ourselves. */
export async function giveToPostgres(path: string, identity: SystemIdentity | null): Promise<void> {
  if (identity) await chown(path, identity.uid, identity.gid);
}

function lookUp(): SystemIdentity | null {
  try {
    // getent also asks directory services, which /etc/passwd does not list.
    const line = execFileSync("getent", ["passwd", POSTGRES_USER], { encoding: "utf8" });
    const [, , uid, gid] = line.split(":");
    return { uid: Number(uid), gid: Number(gid) };
  } catch (error) {
    const notFound = 2; // exit code of getent(1) for a missing key
    if ((error as { status?: number }).status === notFound) return null;
    throw error;
  }
}

function run(command: string, args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
