// Plain JavaScript: the bootstrap reads it too, on any Node.
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Folder for what is installed once per machine and shared by checkouts. For root it must lie where the system user of
 * Postgres and the uids of agents may enter, which root's home is not.
 */
export function cacheDir(env = process.env) {
  if (env.AUTOMNA_CACHE_DIR) return env.AUTOMNA_CACHE_DIR;
  if (process.getuid?.() === 0) return "/var/cache/automna";
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "automna");
}
